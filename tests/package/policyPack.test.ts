import * as assert from "assert";
import * as fs from "fs";
import * as path from "path";
import { ensureAllTools } from "local-eks";
import { BAD_STACKS } from "../policies/badStacks";
import { engineAt, makePolicyHome } from "../policies/support/engine";
import { preview } from "../policies/support/preview";
import { INSTALL, newFolder, runIn, useConsumer } from "./support/consumer";

const [badStack] = BAD_STACKS;

describe("the policy pack in the packed tarball", () => {
    const consumer = useConsumer();
    let folder: string;
    let environment: Record<string, string>;
    /** `pulumi preview --policy-pack node_modules/eks-cni/policies` of a stack with one fault. */
    const previewed = () => {
        assert.ok(badStack !== undefined);
        const pack = path.join(folder, "node_modules/eks-cni/policies");
        return preview(environment, { program: badStack.program, pack });
    };

    before(async () => {
        const tools = await ensureAllTools(process.stderr);
        folder = newFolder();
        runIn(folder, "npm", ...INSTALL, "--prefer-offline", consumer.tarball);
        const home = path.join(folder, "pulumi-home");
        makePolicyHome(home, tools);
        fs.mkdirSync(path.join(folder, "states"));
        environment = {
            ...(engineAt(home, process.env["PATH"]) as Record<string, string>),
            PULUMI_BACKEND_URL: `file://${path.join(folder, "states")}`,
            PULUMI_CONFIG_PASSPHRASE: "",
            AWS_REGION: "us-west-2",
        };
    });

    after(() => {
        fs.rmSync(folder, { recursive: true, force: true });
    });

    it("brings no @pulumi/policy to users of the component alone", () => {
        const modules = fs.readdirSync(path.join(folder, "node_modules/@pulumi"));
        assert.ok(modules.includes("aws") && !modules.includes("policy"), modules.join(", "));
    });

    it("without @pulumi/policy, names the command that installs it; after that command, it finds the fault", async () => {
        const failed = await previewed();
        assert.ok(!failed.succeeded);
        const command = /"npm (install @pulumi\/policy)"/.exec(failed.output);
        assert.ok(command?.[1] !== undefined, failed.output);
        runIn(folder, "npm", ...command[1].split(" "), "--prefer-offline", "--no-audit", "--no-fund");
        const { violations, output } = await previewed();
        assert.deepStrictEqual(
            violations.map(({ rule }) => rule),
            [badStack?.rule],
            output,
        );
    });
});
