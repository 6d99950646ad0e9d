import assert from "node:assert/strict";
import { commandLine } from "../../cli";
import { defaults, startSandbox } from "../../sandbox";

describe("the options of `up` on the command line", () => {
    const up = commandLine.commands.find((command) => command.name() === "up") ?? assert.fail();

    it("have the same defaults as those of a program", () => {
        const { subnets, nodeRoles, nodeGroupLimitSeconds, failedStartFactor } = up.opts<typeof defaults>();
        assert.deepEqual({ subnets, nodeRoles, nodeGroupLimitSeconds, failedStartFactor }, defaults);
    });

    it("take 2 to 24 subnets and 1 to 24 node roles, and a program no others", async () => {
        up.parseOptions(["--subnets", "24", "--node-roles", "12"]);
        const { subnets, nodeRoles } = up.opts<typeof defaults>();
        assert.deepEqual({ subnets, nodeRoles }, { subnets: 24, nodeRoles: 12 });
        up.exitOverride().configureOutput({ writeErr: () => undefined });
        for (const count of [1, 25, 2.5]) {
            await assert.rejects(startSandbox({ subnets: count }), /cannot have .* subnets: it can have 2 to 24\.$/);
            assert.throws(() => up.parseOptions(["--subnets", String(count)]), /a whole number from 2 to 24/);
        }
        for (const count of [0, 25, 2.5]) {
            await assert.rejects(
                startSandbox({ nodeRoles: count }),
                /cannot have .* node roles: it can have 1 to 24\.$/,
            );
            assert.throws(() => up.parseOptions(["--node-roles", String(count)]), /a whole number from 1 to 24/);
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
