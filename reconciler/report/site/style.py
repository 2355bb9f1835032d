"""How the report looks: on a wide screen, on a phone, by night and on paper."""

from __future__ import annotations

from reconciler.report.charts import drawing

_PAGE = """
:root{color-scheme:light dark;--ink:#1f2328;--faint:#59636e;--paper:#fff;--panel:#f6f8fa;--line:#d1d9e0;
--link:#0550ae;--bad:#cf222e;--badbg:#ffebe9;--warn:#9a6700;--warnbg:#fff8c5}
@media screen and (prefers-color-scheme:dark){:root{--ink:#e6edf3;--faint:#9198a1;--paper:#0d1117;--panel:#151b23;
--line:#3d444d;--link:#71b0ff;--bad:#f85149;--badbg:#25171c;--warn:#d29922;--warnbg:#272115}}
*{box-sizing:border-box}
[hidden]{display:none!important}
html{scroll-padding-top:4rem}
body{margin:0 auto;max-width:76rem;padding:0 1rem 4rem;background:var(--paper);color:var(--ink);
font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;overflow-wrap:break-word}
a{color:var(--link)}
:focus-visible{outline:2px solid var(--link);outline-offset:2px}
h1:focus{outline:none}
.skip{position:absolute;left:-99rem}
.skip:focus{left:1rem;top:.5rem;background:var(--paper);padding:.5rem;z-index:2}
.top{padding:.8rem 0 .2rem;color:var(--faint)}
.top p{margin:0}
nav{position:sticky;top:0;z-index:1;background:var(--paper);border-bottom:1px solid var(--line);padding:.35rem 0}
nav ul{display:flex;flex-wrap:wrap;gap:.1rem .3rem;list-style:none;margin:0;padding:0}
nav a,nav summary{display:inline-block;padding:.3rem .6rem;border-radius:6px;text-decoration:none;cursor:pointer;
color:var(--link)}
nav a[aria-current]{background:var(--panel);color:var(--ink);font-weight:600}
nav details{display:inline-block}
nav details>div{position:absolute;left:0;right:0;max-height:60vh;overflow:auto;background:var(--paper);
border:1px solid var(--line);border-radius:6px;padding:.6rem;box-shadow:0 8px 24px #0003}
nav details ul{display:grid;grid-template-columns:repeat(auto-fill,minmax(13rem,1fr))}
label{font-size:.9rem}
input,select,p>button{font:inherit;color:inherit;background:var(--paper);border:1px solid var(--faint);
border-radius:6px;padding:.25rem .5rem;max-width:100%}
.tools{display:flex;flex-wrap:wrap;gap:.5rem 1.2rem;align-items:end;margin:.6rem 0}
.tools label{display:grid}
h1{font-size:1.6rem;line-height:1.25;margin:1.2rem 0 .8rem;text-wrap:balance}
h2{font-size:1.15rem;margin:2.2rem 0 .6rem;padding-bottom:.3rem;border-bottom:1px solid var(--line)}
h3{font-size:1rem;margin:1.4rem 0 .4rem}
.lead{font-size:1.05rem;max-width:62rem}
.wide{overflow-x:auto;margin:.6rem 0}
table{border-collapse:collapse;width:100%;font-size:.92rem;font-variant-numeric:tabular-nums}
th,td{padding:.45rem .55rem;border-bottom:1px solid var(--line);text-align:left;vertical-align:top}
th{color:var(--faint);font-weight:600;vertical-align:bottom}
th button{font:inherit;color:inherit;background:none;border:0;padding:0;cursor:pointer;text-align:inherit;
text-decoration:underline dotted}
th[aria-sort=ascending] button::after{content:" ▲"}
th[aria-sort=descending] button::after{content:" ▼"}
RIGHT
.short{max-width:48rem}
.short td:first-child *{white-space:normal}
.from{color:var(--faint)}
.notice{margin:.6rem 0;padding:.7rem .9rem;border-left:4px solid var(--warn);background:var(--warnbg);border-radius:4px}
.refusal{border-color:var(--bad);background:var(--badbg)}
.notice p{margin:.2rem 0}
code{font:.88em ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;
background:var(--panel);padding:.1em .3em;border-radius:4px}
figure{margin:1rem 0;max-width:48rem}
.pair{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,34rem),1fr));gap:0 2rem}
figcaption{font-size:.92rem;margin-bottom:.3rem;font-weight:600}
summary{cursor:pointer;padding:.2rem 0}
figure svg{display:block;width:100%;height:auto}
svg *{vector-effect:non-scaling-stroke}
.legend{display:flex;flex-wrap:wrap;gap:.2rem 1.2rem;padding:0;margin:.4rem 0 0;list-style:none;
font-size:.88rem;color:var(--faint)}
.legend i{display:inline-block;width:1.8em;margin-right:.4em;vertical-align:middle;border-width:3px 0 0;
border-style:solid}
.legend .k-ahead,.legend .k-now{border-top-style:dashed}
.legend .k-now,.legend .k-new{border-top-width:2px}
.legend .k-alert{border-top-style:dotted}
.legend .k-band,.legend .k-total,.legend .k-more,.legend .k-less,.legend .k-bar{border-top-width:.8em}
.many{display:grid;grid-template-columns:repeat(auto-fill,minmax(10rem,1fr));gap:.8rem;list-style:none;padding:0}
.many li{border:1px solid var(--line);border-radius:6px;padding:.5rem .6rem}
.many a{font-weight:600}
.many svg{display:block;width:100%;height:auto;margin:.3rem 0}
.many span{display:block;font-size:.88rem}
footer{margin-top:3rem;padding-top:1rem;border-top:1px solid var(--line);color:var(--faint);font-size:.9rem}
@media screen and (max-width:44rem){
.labelled thead{position:absolute;display:block;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
.labelled tr{display:block;padding:.5rem 0;border-bottom:1px solid var(--line)}
.labelled td:not(#x){display:flex;justify-content:space-between;gap:1rem;border:0;padding:.12rem 0;
text-align:right;white-space:normal;overflow-wrap:anywhere}
.labelled td::before{content:attr(data-heading);flex:0 0 auto;max-width:45%;color:var(--faint);text-align:left}
.labelled td:first-child:not(#x){font-size:1.02rem;text-align:left}
.labelled td:first-child::before{content:none}
.labelled td:empty:not(#x){display:none}
.short th,.short td{padding:.3rem .25rem}
.short td:not(#x){white-space:normal}
figure svg .c-text,figure svg .c-tick{font-size:21px}}
@media (min-width:78rem){span:has(>.from){white-space:nowrap}}
@page{margin:14mm 12mm;@bottom-right{content:counter(page) " / " counter(pages);font:9pt sans-serif;color:#59636e}}
@media print{
:root{color-scheme:light;--ink:#000;--faint:#444;--paper:#fff;--panel:#f6f8fa;--line:#bbb;--link:#000;
--bad:#cf222e;--badbg:#fff;--warn:#9a6700;--warnbg:#fff}
body{max-width:none;padding:0;font-size:10pt}
nav,.tools,.skip,figure details,p>button{display:none}
.wide{overflow:visible}
table{font-size:8pt}
th,td{padding:.25rem .3rem}
td:not(#x){white-space:normal}
.pair{grid-template-columns:1fr 1fr}
figure{max-width:30rem}
figure svg .c-text,figure svg .c-tick{font-size:18px}
a{text-decoration:none}
th button{text-decoration:none}
h1,h2,h3{break-after:avoid}
figure,tr,.notice,.many li{break-inside:avoid}
main>section+section{break-before:page}}
"""

_RIGHT = "".join(
    f".r{place} :is(td,th):nth-child({place}){{text-align:right}}.r{place} td:nth-child({place}){{white-space:nowrap}}"
    for place in range(1, 13)
)
"""Tables say which of their columns hold figures, so that not every cell has to."""
STYLE = f"{_PAGE.replace('RIGHT', _RIGHT)}{drawing.STYLE.replace('@media (prefers', '@media screen and (prefers')}\n"
"""Everything, by day on paper."""
