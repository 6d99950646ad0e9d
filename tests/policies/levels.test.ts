import * as assert from "assert";
import * as fs from "fs";
import * as path from "path";
import { BAD_STACKS, launchTemplate } from "./badStacks";
import { preview } from "./support/preview";
import { usePolicies } from "./support/usePolicies";

const RULE = "launch-template-keeps-pods-from-the-node-role";

describe("the configuration of the policy pack, through the engine", () => {
    const policies = usePolicies();

    /** Writes a file for `--policy-pack-config`. */
    function configured(config: object): string {
        const file = path.join(policies.sandbox.directory, "policy-config.json");
        fs.writeFileSync(file, JSON.stringify(config));
        return file;
    }

    it("remediate: the launch template is set right, and there is no violation", async () => {
        const { violations, succeeded, inputs } = await preview(policies.environment, {
            program: launchTemplate,
            policyConfig: configured({ [RULE]: "remediate" }),
        });
        assert.deepStrictEqual(violations, []);
        assert.ok(succeeded);
        assert.deepStrictEqual(inputs["nodes"]?.["metadataOptions"], {
            httpTokens: "required",
            httpPutResponseHopLimit: 1,
        });
    });

    it("a rule's level and properties come from the file", async () => {
        const [nodeRole] = BAD_STACKS;
        assert.ok(nodeRole);
        const previewed = (config: object) =>
            preview(policies.environment, { program: nodeRole.program, policyConfig: configured(config) });
        const advised = await previewed({ [nodeRole.rule]: "advisory" });
        assert.deepStrictEqual(
            advised.violations.map(({ rule, level }) => [rule, level]),
            [[nodeRole.rule, "advisory"]],
        );
        assert.ok(advised.succeeded, advised.output);
        assert.deepStrictEqual((await previewed({ [nodeRole.rule]: { exceptRoles: ["nodes"] } })).violations, []);
    });

    it("a configuration that the rule's schema does not allow ends the preview", async () => {
        const { succeeded, output } = await preview(policies.environment, {
            program: launchTemplate,
            policyConfig: configured({ "node-role-without-cni-policy": { exceptRoles: "nodes" } }),
        });
        assert.strictEqual(succeeded, false);
        assert.match(output, /node-role-without-cni-policy: exceptRoles/);
    });
});
