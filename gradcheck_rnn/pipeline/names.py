"""The parameters that a configuration has, told without checking them."""

from gradcheck_rnn.analytic.runner import running
from gradcheck_rnn.config.settings import Settings
from gradcheck_rnn.model.draw import configured_net
from gradcheck_rnn.pipeline.check import user_code
from gradcheck_rnn.pipeline.user.net import adapter_facts


def parameter_names(settings: Settings) -> tuple[str, ...]:
    """Name the parameters; an adapter, which may have its own, is loaded for it in a process of its own.

    Raises:
        UserCodeError: it raised, hung or crashed.
        UsageError: it is no adapter.
    """
    described = tuple(configured_net(settings).shapes)
    if settings.backward.adapter is None:
        return described
    with running(user_code(settings, settings.backward.adapter, {}), workers=1) as runner:
        return tuple(runner.run(adapter_facts).initial or described)
