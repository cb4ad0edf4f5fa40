"""Arguments of a call by the names of its parameters."""

from apps.engine.pine.importer.report import Cannot
from apps.engine.pine.reader import syntax as pine
from apps.engine.said import said


def bind_arguments(node: pine.Call, parameters: str, *, lenient: bool = False) -> dict[str, pine.Expr]:
    """A call's arguments by the names of its parameters. `lenient`: unknown ones keep their own names."""
    names = parameters.split()
    result: dict[str, pine.Expr] = {}
    for position, argument in enumerate(node.arguments):
        key = argument.name
        if key is None:
            if position >= len(names):
                if lenient:
                    continue
                raise Cannot(
                    said(
                        "`{path}` takes {names} arguments, found {arguments}",
                        path=node.path,
                        names=len(names),
                        arguments=len(node.arguments),
                    )
                )
            key = names[position]
        elif key not in names and not lenient:
            raise Cannot(said("`{path}` has no argument `{key}`", path=node.path, key=key))
        result[key] = argument.value
    return result
