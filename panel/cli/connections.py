"""`providers` and `test`: what is configured, where its key comes from, and whether it works."""

from __future__ import annotations

from ...providers.base import CheckReport, Step
from .. import settings as options
from ..app import Application
from . import terminal
from .key_places import key_places, owner_of
from .output import say, tell
from .terminal import Interrupts
from .who import NoSuchProvider, choose


def providers(*, as_json: bool) -> int:
    """Lists every provider that is offered. The key itself is never printed, only where it is."""

    async def main(_: Interrupts) -> int:
        async with terminal.application() as app:
            rows, trouble = await _rows(app)
        if as_json:
            terminal.print_json({"providers": rows})
        else:
            _print_table(rows)
        if trouble:
            tell(trouble)
        return 0

    return terminal.run(main)


async def _rows(app: Application) -> tuple[list[dict[str, object]], str]:
    """One row a provider, and why the keyring could not be asked."""
    configs = [app.config(provider_id) for provider_id in app.offered]
    owners = {config.id: owner_of(config) for config in configs}
    places = await key_places(app, filter(None, owners.values()))
    used = app.settings.get(options.PROVIDER)
    rows: list[dict[str, object]] = []
    for config in configs:
        row, owner = config.row, owners[config.id]
        rows.append(
            {
                "id": row.id,
                "label": row.label,
                "in_use": used == row.id,
                "address": config.address,
                "model": config.model,
                "local": row.local,
                "needs_key": row.needs_key,
                "key": places.where.get(owner) if owner else None,
            }
        )
    return rows, places.trouble


def _print_table(rows: list[dict[str, object]]) -> None:
    wide = max(len(str(row["id"])) for row in rows)
    for row in rows:
        mark = "*" if row["in_use"] else " "
        key = f"key: {row['key']}" if row["key"] else "no key" if row["needs_key"] else ""
        say(f"{mark} {row['id']:<{wide}}  {row['label']}  {row['address']}  {key}".rstrip())
    say("\n* answers new questions. Choose another with --provider, or in the settings.")


def test(provider: str | None, base_url: str | None, model: str | None, *, ask: bool, as_json: bool) -> int:
    """The connection test; `ask`: with a question at its end. Exit code 1 when a step failed, 2 for a bad address."""

    async def main(_: Interrupts) -> int:
        async with terminal.application() as app:
            try:
                chosen = choose(app, provider, base_url)
            except NoSuchProvider as error:
                tell(str(error))
                return terminal.BAD_INPUT
            return await _test(app, chosen, model or "", ask=ask, as_json=as_json)

    return terminal.run(main)


async def _test(app: Application, provider: str, model: str, *, ask: bool, as_json: bool) -> int:
    config = app.config(provider)
    show = _ignore if as_json else _print_step
    report = await app.providers.check(config, model=model or config.model, on_step=show, spend=ask)
    if as_json:
        terminal.print_json(_as_json(report))
    elif report.problem:
        for step in report.steps:
            if step.ok is None:
                _print_step(step)
        terminal.complain(report.problem)
    else:
        say(report.summary)
    return terminal.code_of(report.problem) if report.problem else 0


def _as_json(report: CheckReport) -> dict[str, object]:
    steps = [{"name": step.name, "ok": step.ok, "ms": _ms(step), "detail": step.detail} for step in report.steps]
    error = terminal.as_json(report.problem) if report.problem else None
    return {"ok": report.ok, "provider": report.provider, "url": report.url, "steps": steps, "error": error}


def _ms(step: Step) -> float | None:
    """None for a step that was not run; what took no time of its own took none."""
    return None if step.ok is None else step.ms or 0.0


def _print_step(step: Step) -> None:
    mark = "-" if step.ok is None else "ok" if step.ok else "FAILED"
    took = "" if step.ms is None else f"  ({step.ms:.0f} ms)"
    say(f"{mark:>6}  {step.name:<8} {step.detail}{took}")


def _ignore(_: Step) -> None:
    pass
