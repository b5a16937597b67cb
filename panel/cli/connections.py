"""`providers` and `test`: what is configured, where its key comes from, and whether it works."""

from __future__ import annotations

import sys

from ...providers.base import CheckReport, Step
from ...providers.catalog import PROVIDERS, ProviderRow, origin_of
from ...providers.manager import ProviderConfig
from .. import settings as options
from ..app import Application
from ..keys import KeyringTrouble
from . import terminal
from .terminal import Interrupts
from .who import NoSuchProvider, choose


def providers(*, as_json: bool) -> int:
    """Lists every provider. The key itself is never printed, only where it is."""

    async def main(_: Interrupts) -> int:
        app = Application()
        try:
            rows = [await _row(app, row) for row in PROVIDERS.values()]
        finally:
            await app.close()
        if as_json:
            terminal.print_json({"providers": rows})
        else:
            _print_table(rows)
        return 0

    return terminal.run(main)


async def _row(app: Application, row: ProviderRow) -> dict[str, object]:
    config = app.config(row.id)
    return {
        "id": row.id,
        "label": row.label,
        "in_use": app.settings.get(options.PROVIDER) == row.id,
        "address": config.base_url,
        "model": config.model,
        "local": row.local,
        "needs_key": row.needs_key,
        "key": await key_place(app, config),
    }


async def key_place(app: Application, config: ProviderConfig) -> str | None:
    """Where the key of this address is, in words; None if there is none."""
    if not config.base_url:
        return None
    try:
        found = await app.keys.find(config.id, origin_of(config.base_url))
    except KeyringTrouble:
        return None
    return found.where if found else None


def _print_table(rows: list[dict[str, object]]) -> None:
    wide = max(len(str(row["id"])) for row in rows)
    for row in rows:
        mark = "*" if row["in_use"] else " "
        key = f"key: {row['key']}" if row["key"] else "no key" if row["needs_key"] else ""
        print(f"{mark} {row['id']:<{wide}}  {row['label']}  {row['address']}  {key}".rstrip())
    print("\n* answers new questions. Choose another with --provider, or in the settings.")


def test(provider: str | None, base_url: str | None, model: str | None, *, as_json: bool) -> int:
    """The connection test. Exit code 1 when a step failed."""

    async def main(_: Interrupts) -> int:
        app = Application()
        try:
            chosen = choose(app, provider, base_url)
            return await _test(app, chosen, model or "", as_json)
        except NoSuchProvider as error:
            print(error, file=sys.stderr)
            return terminal.BAD_INPUT
        finally:
            await app.close()

    return terminal.run(main)


async def _test(app: Application, provider: str, model: str, as_json: bool) -> int:
    config = app.config(provider)
    show = _ignore if as_json else _print_step
    report = await app.providers.check(config, model=model or config.model, on_step=show)
    if as_json:
        terminal.print_json(_as_json(report))
    elif report.problem:
        for step in report.steps:
            if step.ok is None:
                _print_step(step)
        terminal.complain(report.problem)
    else:
        print(report.summary)
    return 0 if report.ok else terminal.WORK_FAILED


def _as_json(report: CheckReport) -> dict[str, object]:
    steps = [{"name": step.name, "ok": step.ok, "ms": step.ms, "detail": step.detail} for step in report.steps]
    error = terminal.as_json(report.problem) if report.problem else None
    return {"ok": report.ok, "provider": report.provider, "url": report.url, "steps": steps, "error": error}


def _print_step(step: Step) -> None:
    mark = "-" if step.ok is None else "ok" if step.ok else "FAILED"
    took = "" if step.ms is None else f"  ({step.ms:.0f} ms)"
    print(f"{mark:>6}  {step.name:<8} {terminal.printable(step.detail)}{took}", flush=True)


def _ignore(_: Step) -> None:
    pass
