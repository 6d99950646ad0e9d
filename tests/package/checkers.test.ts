import * as assert from "assert";
import { execFileSync } from "child_process";
import * as path from "path";
import { ROOT, useConsumer } from "./support/consumer";

/** Runs package checkers on the tarball that would be published. */
describe("the packed tarball, by the checkers of packages", () => {
    const consumer = useConsumer();
    // If `CI` is set, publint prints colours even into a pipe. NO_COLOR overrides that.
    const checked = (command: string, ...args: string[]) =>
        execFileSync(path.join(ROOT, "node_modules/.bin", command), args, {
            cwd: ROOT,
            encoding: "utf8",
            env: { ...process.env, NO_COLOR: "1" },
        });

    it("publint has no error, no warning and no suggestion", () => {
        assert.match(checked("publint", "run", consumer.tarball, "--strict"), /\nAll good!\n/);
    });

    it("are-the-types-wrong finds the types of each entry, under each way of resolution", () => {
        const { problems } = JSON.parse(
            checked("attw", consumer.tarball, "--profile", "node16", "--format", "json"),
        ) as {
            problems: object;
        };
        assert.deepStrictEqual(problems, {});
    });
});
