import { LocalWorkspace } from "@pulumi/pulumi/automation";
import type { PolicyEvent } from "@pulumi/pulumi/automation/events";
import { resolve } from "path";

/** The policy pack below node_modules, where users have it. Here it is a link to this repository. */
export const PACK = resolve(__dirname, "../../../node_modules/eks-cni/policies");

/** A violation as the engine reports it. `level` is `advisory` or `mandatory`. */
export interface Violation {
    readonly rule: string;
    readonly level: string;
    /** The name of the resource. */
    readonly resource: string;
    readonly message: string;
}

export interface Preview {
    readonly violations: Violation[];
    /** The inputs of each resource by its name, after the rules have changed them. */
    readonly inputs: Record<string, Record<string, unknown>>;
    readonly succeeded: boolean;
    /** The output of the command. */
    readonly output: string;
}

export interface Previewed {
    readonly program: () => unknown;
    /** The folder of the policy pack. Defaults to PACK. */
    readonly pack?: string;
    readonly project?: string;
    readonly config?: Record<string, string>;
    /** The file for `--policy-pack-config`. */
    readonly policyConfig?: string;
}

let previews = 0;

/** `pulumi preview --policy-pack` of a program that has no stack yet. */
export async function preview(envVars: Record<string, string>, previewed: Previewed): Promise<Preview> {
    previews += 1;
    const { program, pack = PACK, config = {}, policyConfig } = previewed;
    const { project: projectName = `stack-${String(previews)}` } = previewed;
    // The program runs in this process, and the Automation API finds the CLI on its PATH.
    Object.assign(process.env, envVars);
    const stack = await LocalWorkspace.createStack(
        {
            projectName,
            stackName: "preview",
            program: async () => ({ ...((await program()) as object) }),
        },
        { envVars },
    );
    await stack.setAllConfig(
        Object.fromEntries(Object.entries(config).map(([key, value]) => [`${projectName}:${key}`, { value }])),
        true,
    );
    const violations: Violation[] = [];
    const output: string[] = [];
    const inputs: Preview["inputs"] = {};
    const outcome = stack.preview({
        policyPacks: [pack],
        ...(policyConfig === undefined ? {} : { policyPackConfigs: [policyConfig] }),
        onOutput: (text) => output.push(text),
        onEvent: ({ policyEvent, resourcePreEvent }) => {
            if (policyEvent !== undefined) {
                violations.push(violationOf(policyEvent));
            }
            const { urn = "", new: state } = resourcePreEvent?.metadata ?? {};
            inputs[nameOf(urn)] = state?.inputs ?? {};
        },
    });
    const succeeded = await outcome.then(
        () => true,
        () => false,
    );
    await stack.workspace.removeStack(stack.name);
    return { violations, inputs, succeeded, output: output.join("") };
}

function violationOf({ policyName, enforcementLevel, resourceUrn = "", message }: PolicyEvent): Violation {
    return {
        rule: policyName,
        level: enforcementLevel,
        resource: nameOf(resourceUrn),
        message: message.trim(),
    };
}

function nameOf(urn: string): string {
    return urn.split("::").slice(3).join("::");
}
