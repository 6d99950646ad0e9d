import assert from "node:assert/strict";
import { commandLine } from "../../cli";
import { defaults } from "../../sandbox";

describe("the options of `up` on the command line", () => {
    const up = commandLine.commands.find((command) => command.name() === "up") ?? assert.fail();

    it("have the same defaults as those of a program", () => {
        const { subnets, nodeGroupLimitSeconds, failedStartFactor } = up.opts<typeof defaults>();
        assert.deepEqual({ subnets, nodeGroupLimitSeconds, failedStartFactor }, defaults);
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
