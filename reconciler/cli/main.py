"""`kt-budgets`: the group of all commands. A command's module is imported only when the command is run.

Decision 0047.
"""

from __future__ import annotations

import gc
import os
import sys

import click

from reconciler.cli.boundary import run_process
from reconciler.version import __version__

COMMANDS = {
    "import": "Write what Keeptrusts holds into the YAML, and prove that nothing would move.",
    "doctor": "Say what would fail, why it matters, and what mends it.",
    "validate": "Show every finding of every budget file.",
    "fmt": "Lay out every budget file in one way.",
    "calendar": "Show what will change when: targets, overrides, waivers, rules, accepted drift, plans.",
    "plan": "Compare the YAML with Keeptrusts, forecast, and write plan.json.",
    "policy": "Try, test and explain an organization's own rules, or print rules to copy.",
    "show": "Render a saved plan: text, Markdown, JSON, a report in HTML, or one of its charts.",
    "apply": "Execute a reviewed plan, exactly once.",
    "resume": "Prove or finish an interrupted apply.",
    "init": "Start a repository of budgets: org.yaml, schemas, the workflow of CI.",
    "adopt": "Take an organization, or single teams of it, under management as it is.",
    "release": "Take a team out of management, without touching anything of it.",
    "drift": "Compare Keeptrusts with what was last applied: what was changed by hand, and what was left behind.",
    "forecast": "Show how the month may end, when money runs out, and the months ahead.",
    "spend": "Show what was spent, by whom and on what, and whether dashboard, export and ledger agree.",
    "backtest": "Show how wrong the forecast was on your own past.",
    "year": "Plan the fiscal year: all teams, from evidence to wallets.",
    "review": "Show which assumption failed, in money: actual against the plan or another period.",
    "notify": "Send the digest of a document to Slack, Teams or another webhook.",
    "whatif": "Show what other targets, growth, cache, models or limits would do, without editing a file.",
    "recommend": "Recommend targets that last and alerts that leave time.",
    "pr": "Show a plan in its pull request, and ask for its approval.",
    "audit": "Print and verify the trail: who moved what, why, with which ledger ids.",
    "usage": "Export daily usage for finance: CSV, FOCUS, Parquet or a workbook.",
    "evidence": "Keep exports, and make and verify packets that prove what was planned and done.",
    "schema": "Write the JSON Schemas, or check that they are current.",
    "sandbox": "Run the embedded Keeptrusts on this machine.",
    "demo": "Show the whole loop on the sandbox, in under a minute.",
    "help": "Explain a topic: exit codes, words (glossary), files, or variables of the environment.",
}


class LazyGroup(click.Group):
    """Lists commands from a table and imports one only to run it, so that `--help` is instant."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = __import__(f"reconciler.cli.{cmd_name}", fromlist=["command"]).command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            from reconciler.meant import close_to

            close = close_to(args[0], COMMANDS)
            meant = f" Did you mean `{close[0]}`?" if close else ""
            raise click.UsageError(f"There is no command `{args[0]}`.{meant}", ctx)
        return super().resolve_command(ctx, args)


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    epilog="Example: kt-budgets plan --sandbox",
    invoke_without_command=True,
)
@click.version_option(__version__, prog_name="kt-budgets")
@click.pass_context
def cli(context: click.Context) -> None:
    """AI budgets as code for Keeptrusts: validate, plan, forecast and apply budget YAML, safely."""
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


def main() -> None:
    """Run the command line, matrices in one thread, and leave with its exit code without a last search for garbage."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    code = run_process(cli, sys.argv[1:])
    gc.freeze()
    sys.exit(code)
