"""Celery entry points of the backtests room."""

from celery import shared_task

from apps.backtests import services


@shared_task(name="backtests.run_backtest")
def run_backtest(backtest_id: int) -> None:
    services.run_backtest(backtest_id)


@shared_task(name="backtests.resume_backtests", ignore_result=True, expires=15)
def resume_backtests() -> None:
    services.resume_backtests()
