"""The look of the full report: one column that fits a phone, light and dark, nothing loaded from anywhere."""

STYLE = """
:root{color-scheme:light dark;--ink:#1f2328;--faint:#59636e;--paper:#fff;--panel:#f6f8fa;--line:#d1d9e0;
--spent:#0969da;--band:#0969da33;--now:#cf222e;--new:#1a7f37;--alert:#9a6700;--bad:#cf222e;--badbg:#ffebe9;
--warn:#9a6700;--warnbg:#fff8c5}
@media (prefers-color-scheme:dark){:root{--ink:#e6edf3;--faint:#9198a1;--paper:#0d1117;--panel:#151b23;--line:#3d444d;
--spent:#4493f8;--band:#4493f840;--now:#f85149;--new:#3fb950;--alert:#d29922;--bad:#f85149;--badbg:#25171c;
--warn:#d29922;--warnbg:#272115}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:76rem;padding:1.5rem 1rem 4rem;background:var(--paper);color:var(--ink);
font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;overflow-wrap:break-word}
header p{color:var(--faint);margin:0}
header p.lead{color:inherit}
h1{font-size:1.6rem;line-height:1.25;margin:.2rem 0 .8rem;text-wrap:balance}
h2{font-size:1.15rem;margin:2.4rem 0 .6rem;padding-bottom:.3rem;border-bottom:1px solid var(--line)}
h3{font-size:1rem;margin:1.4rem 0 .4rem}
.lead{font-size:1.05rem;max-width:62rem}
.wide{overflow-x:auto;margin:.6rem 0}
table{border-collapse:collapse;width:100%;font-size:.92rem;font-variant-numeric:tabular-nums}
th,td{padding:.45rem .55rem;border-bottom:1px solid var(--line);text-align:left;vertical-align:top}
th{color:var(--faint);font-weight:600;vertical-align:bottom}
.right{text-align:right}
.short{max-width:44rem}
td.right{white-space:nowrap}
.short td:first-child *{white-space:normal}
.from{color:var(--faint)}
.notice{margin:.6rem 0;padding:.7rem .9rem;border-left:4px solid var(--warn);background:var(--warnbg);border-radius:4px}
.refusal{border-color:var(--bad);background:var(--badbg)}
.notice p{margin:.2rem 0}
code{font:.88em ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;
background:var(--panel);padding:.1em .3em;border-radius:4px}
figure{margin:1rem 0}
figcaption{font-size:.92rem;margin-bottom:.3rem;font-weight:600}
svg{display:block;width:100%;height:auto;max-width:48rem}
svg *{vector-effect:non-scaling-stroke}
svg text{fill:var(--faint);font:13px system-ui,sans-serif}
.legend{display:flex;flex-wrap:wrap;gap:.2rem 1.2rem;padding:0;margin:.4rem 0 0;list-style:none;
font-size:.88rem;color:var(--faint)}
.legend i{display:inline-block;width:1.6em;margin-right:.4em;vertical-align:middle;border-top:3px solid}
.legend .dashed{border-top-style:dashed}
.legend .band{border-top-width:.8em;border-color:var(--band)}
footer{margin-top:3rem;padding-top:1rem;border-top:1px solid var(--line);color:var(--faint);font-size:.9rem}
@media (max-width:44rem){
.stack thead{position:absolute;display:block;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
.stack tr{display:block;padding:.5rem 0;border-bottom:1px solid var(--line)}
.stack td{display:flex;justify-content:space-between;gap:1rem;border:0;padding:.12rem 0;
text-align:right;white-space:normal}
.stack td::before{content:attr(data-heading);flex:0 0 auto;max-width:45%;color:var(--faint);text-align:left}
.stack td:first-child{font-size:1.02rem;text-align:left}
.stack td:first-child::before{content:none}
.stack td:empty{display:none}
.short td{white-space:normal}
svg text{font-size:21px}}
@media (min-width:78rem){span:has(>.from){white-space:nowrap}}
@media print{body{max-width:none}h2{break-after:avoid}figure,tr{break-inside:avoid}}
"""
