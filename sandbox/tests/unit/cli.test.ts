import assert from "node:assert/strict";
import { commandLine } from "../../cli";
import { defaults, startSandbox } from "../../sandbox";

describe("the options of `up` on the command line", () => {
    const up = commandLine.commands.find((command) => command.name() === "up") ?? assert.fail();

    it("have the same defaults as those of a program", () => {
        const { subnets, nodeGroupLimitSeconds, failedStartFactor } = up.opts<typeof defaults>();
        assert.deepEqual({ subnets, nodeGroupLimitSeconds, failedStartFactor }, defaults);
    });

    it("take as many subnets as there are zones, and a program no others", async () => {
        up.parseOptions(["--subnets", "4"]);
        assert.equal(up.opts<typeof defaults>().subnets, 4);
        for (const subnets of [1, 5, 2.5]) {
            await assert.rejects(startSandbox({ subnets }), /cannot have .* subnets: it can have 2, 3, 4\.$/);
        }
    });

    const webhooks: [string, string[], string | false | undefined][] = [
        ["AWS's own webhook on PATH, or the stand-in", [], undefined],
        ["a program", ["--webhook", "/a/pod-identity-webhook"], "/a/pod-identity-webhook"],
        ["the stand-in", ["--no-webhook"], false],
    ];
    for (const [what, args, webhook] of webhooks) {
        it(`choose ${what}: up ${args.join(" ")}`, () => {
            const { unknown } = up.parseOptions(args);
            assert.deepEqual({ unknown, webhook: up.opts<{ webhook: unknown }>().webhook }, { unknown: [], webhook });
        });
    }
});
