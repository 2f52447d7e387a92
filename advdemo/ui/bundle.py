"""Many ES modules as one: over HTTP/1.1, where six requests go at a time, a hundred modules are 17 round trips.

Each module becomes a function that runs when it is first asked for, by name, and returns what it exports:

    "shared/dom.js": async () => { ...; return { make, found }; },

so nothing is rewritten but its imports and exports, and a browser's debugger shows the code as it was written.
"""

import re
from collections.abc import Iterable, Mapping
from graphlib import CycleError, TopologicalSorter
from posixpath import dirname, join, normpath

IMPORT = re.compile(r'^import \{([^}]*)\} from "(\.[^"]+)";$', re.MULTILINE)
EXPORT = re.compile(r"^export (?=(?:const|class|(?:async )?function\*?) (\w+))", re.MULTILINE)
DYNAMIC = re.compile(r'\bimport\("(\.[^"]+)"\)')
OTHER = re.compile(r"^(?:import|export)\b.*", re.MULTILINE)
FRAME = """const modules = {{
{modules}
}};
const loading = {{}};
export const __load = (name) => (loading[name] ??= modules[name]());
{start}
"""


def bundle(modules: Mapping[str, str], start: Iterable[str] = ()) -> str:
    """One module of many, given by their paths ("shared/dom.js"). It lies in the folder that the paths are relative to,
    exports `__load(path)`, a promise of a module's exports, and runs those in `start` at once.

    ValueError for what it does not understand (imports other than `import { a, b as c } from "./x.js"`, exports other
    than of a `const`, `class` or `function`), for names that no module exports, and for modules that import each other
    in a circle.
    """
    exported = {path: EXPORT.findall(source) for path, source in modules.items()}
    imported = {path: _imports(path, source) for path, source in modules.items()}
    for path, sources in imported.items():
        for source, names in sources.items():
            if missing := names - set(exported.get(source, ())):
                raise ValueError(f"{path} imports {', '.join(sorted(missing))}, which {source} does not export")
    try:
        TopologicalSorter(imported).prepare()
    except CycleError as error:
        raise ValueError(f"modules import each other in a circle: {' -> '.join(error.args[1])}") from error
    return FRAME.format(
        modules="\n".join(_as_function(path, source, exported[path]) for path, source in modules.items()),
        start="\n".join(f'__load("{path}");' for path in start),
    )


def _imports(path: str, source: str) -> dict[str, set[str]]:
    """The names that a module imports, by the path of the module that exports them."""
    names = {_resolve(path, to): names.split(",") for names, to in IMPORT.findall(source)}
    return {to: {name.split()[0] for name in each if name.strip()} for to, each in names.items()}


def _as_function(path: str, source: str, exported: list[str]) -> str:
    def imports(match: re.Match[str]) -> str:
        return f'const {{{match[1].replace(" as ", ": ")}}} = await __load("{_resolve(path, match[2])}");'

    source = IMPORT.sub(imports, source)
    source = EXPORT.sub("", source)
    if other := OTHER.search(source):
        raise ValueError(f"{path}: a bundle takes no {other[0]!r}")
    source = DYNAMIC.sub(lambda match: f'__load("{_resolve(path, match[1])}")', source)
    source = source.replace("import.meta.url", f'new URL("{path}", import.meta.url)')
    return f'"{path}": async () => {{\n{source}\nreturn {{ {", ".join(exported)} }};\n}},'


def _resolve(path: str, to: str) -> str:
    """`to` as the module at `path` names it, relative to the folder of all."""
    return normpath(join(dirname(path), to))
