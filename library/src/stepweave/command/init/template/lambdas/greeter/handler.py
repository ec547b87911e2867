"""Lambda handler of the greeter."""

from stepweave import TaskContext, agent_handler

from lambdas.greeter.contract import GreeterInput, Greeting, greeter
from lambdas.shared.names import tidy


@agent_handler(greeter)
def handler(task: GreeterInput, _: TaskContext) -> Greeting:
    """Greet somebody by name."""
    return Greeting(text=f"Hello, {tidy(task.person)}!")
