"""Modules as one, run in Node."""

import shutil
import subprocess

import pytest

from advdemo.ui.bundle import bundle

MODULES = {
    "main.js": """import { one, two as zwei } from "./parts/numbers.js";
import {
  late,
} from "./parts/late.js";
export const sum = one + zwei();
export async function more() { return (await import("./parts/more.js")).more + late; }
""",
    "parts/numbers.js": """import { late } from "./late.js";
export const one = 1;
export function two() { return 2 + 0 * late; }
export function* three() {}
export class Four {}
""",
    "parts/late.js": """export const late = await Promise.resolve(10);
export const where = new URL("../words.json", import.meta.url).href.split("/").slice(-1)[0];
console.log("late");
""",
    "parts/more.js": """export const more = 100;
console.log("more");
""",
}


@pytest.mark.skipif(shutil.which("node") is None, reason="needs Node; tests/test_web.py demands it in CI")
def test_it_runs_as_the_modules_would(tmp_path):
    (tmp_path / "page.mjs").write_text(bundle(MODULES, ["main.js"]))
    (tmp_path / "test.mjs").write_text("""import { __load } from "./page.mjs";
const { sum, more } = await __load("main.js");
console.log(sum, await more(), (await __load("parts/late.js")).where);
console.log(await __load("main.js") === await __load("main.js"));
""")
    run = subprocess.run(["node", tmp_path / "test.mjs"], capture_output=True, text=True, check=True)
    assert run.stdout.split("\n")[:-1] == ["late", "more", "3 110 words.json", "true"]


@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        ('import x from "./a.js";', "no 'import x from"),
        ('import * as x from "./a.js";', r"no 'import \* as x"),
        ("export default 1;", "no 'export default 1;'"),
        ("const a = 1;\nexport { a };", "no 'export { a };'"),
        ("export let a = 1;", "no 'export let a = 1;'"),
        ('import { a, c as d } from "./a.js";', "b.js imports c, which a.js does not export"),
        ('import { a } from "./nowhere.js";', "b.js imports a, which nowhere.js does not export"),
        ('import { d } from "./c.js";\nexport const b = 1;', "in a circle: .*b.js"),
    ],
)
def test_what_it_does_not_understand_it_refuses(source, complaint):
    modules = {"a.js": "export const a = 1;", "b.js": source}
    if "./c.js" in source:
        modules["c.js"] = 'import { b } from "./b.js";\nexport const d = b;'
    with pytest.raises(ValueError, match=complaint):
        bundle(modules)
