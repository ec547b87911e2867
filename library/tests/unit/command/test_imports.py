import grimp

import stepweave
import stepweave.command


def test_no_module_of_the_command_imports_itself_over_others() -> None:
    graph = grimp.build_graph(stepweave.__name__)
    own = {name for name in graph.modules if name.startswith(f"{stepweave.command.__name__}.")}
    circles = {
        (name, imported)
        for name in own
        for imported in graph.find_modules_directly_imported_by(name) & own
        if graph.chain_exists(importer=imported, imported=name)
    }
    assert not circles
