import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join, resolve } from "node:path";
import { LocalWorkspace, PulumiCommand, PulumiFn, Stack } from "@pulumi/pulumi/automation";
import { ensureTool } from "../../../tools";

const PROJECT = "aws-provider";
const PLUGIN_FOLDER = resolve(__dirname, "../../../awsProvider/bin");

export interface Engine {
    /** A stack of the program. Its state is in this engine's own folder. */
    stack(name: string, program: PulumiFn): Promise<Stack>;
    /** The state file as text. */
    stateOf(name: string): string;
    end(): void;
}

/** The real Pulumi engine with the stand-in as its AWS provider, against the AWS API at `endpoint`. */
export async function startEngine(endpoint: string): Promise<Engine> {
    const folder = mkdtempSync(join(tmpdir(), "eks-cni-engine-"));
    const pulumi = await ensureTool("pulumi");
    const pulumiCommand = await commandOf(pulumi, folder);
    const envVars = {
        PATH: [PLUGIN_FOLDER, dirname(pulumi), process.env["PATH"]].join(delimiter),
        PULUMI_HOME: join(folder, "home"),
        PULUMI_BACKEND_URL: `file://${folder}`,
        PULUMI_CONFIG_PASSPHRASE: "test",
        PULUMI_SKIP_UPDATE_CHECK: "true",
        AWS_ENDPOINT_URL: endpoint,
        AWS_REGION: "us-west-2",
        AWS_ACCESS_KEY_ID: "test",
        AWS_SECRET_ACCESS_KEY: "test",
        EKS_CNI_AWS_PROPAGATION_SECONDS: "1",
    };
    return {
        stack(stackName, program) {
            const where = { stackName, projectName: PROJECT, program };
            return LocalWorkspace.createOrSelectStack(where, { pulumiCommand, envVars });
        },
        stateOf: (name) => readFileSync(join(folder, ".pulumi/stacks", PROJECT, `${name}.json`), "utf8"),
        end: () => {
            rmSync(folder, { recursive: true, force: true });
        },
    };
}

/** The Automation API looks for `bin/pulumi` below a root. */
async function commandOf(pulumi: string, folder: string): Promise<PulumiCommand> {
    const root = join(folder, "cli");
    mkdirSync(root);
    symlinkSync(dirname(pulumi), join(root, "bin"));
    return PulumiCommand.get({ root });
}
