import * as assert from "assert";
import { execFileSync } from "child_process";
import * as path from "path";
import { ROOT, useConsumer } from "./support/consumer";

/** What the checkers of packages say of the tarball that would be published. */
describe("the packed tarball, by the checkers of packages", () => {
    const consumer = useConsumer();
    // Where `CI` is set, publint colours what it prints, even into a pipe: NO_COLOR wins over that.
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
