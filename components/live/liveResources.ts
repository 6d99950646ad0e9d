import * as pulumi from "@pulumi/pulumi";
import type { HandOverRecord } from "../../handover/model/record";
import type { AddOnRoleInputs } from "../../handover/run/addOnRoleResource";
import type { CanaryInputs } from "../../handover/run/canaryResource";
import type { CredentialGuardInputs } from "../../handover/run/credentialGuardResource";
import type { DetachmentInputs } from "../../handover/run/detachmentResource";

/** The inputs of a live check, each of which may be an Output. */
export type Inputs<T> = { readonly [K in keyof T]: pulumi.Input<T[K]> };

/**
 * The provider's source text, which the engine keeps in the state and runs for each operation, the delete included. It only loads
 * the code from this package, so that an upgrade of the package also applies to stacks that an earlier version created.
 *
 * (`pulumi.dynamic.Resource` would serialize the provider's code into the state instead:
 * https://github.com/pulumi/pulumi/blob/master/sdk/nodejs/dynamic/index.ts)
 */
function providerText(resource: string): string {
    return [
        "exports.handler = () => {",
        "    let handOver;",
        "    try {",
        '        handOver = require("eks-cni/handover");',
        "    } catch (error) {",
        '        throw new Error("This stack needs the npm package eks-cni. In the folder of the program, run: npm install eks-cni (" + error.message + ")");',
        "    }",
        `    return handOver.dynamicProvider(${JSON.stringify(resource)});`,
        "};",
    ].join("\n");
}

/** How the engine finds the provider of a live check. */
interface EngineBinding {
    readonly type: (kind: string) => string;
    readonly inputs: (kind: string) => object;
}

/** The binding of TypeScript programs: Pulumi's dynamic providers, which need no installed plugin. */
const dynamicProvider: EngineBinding = {
    type: (kind) => `pulumi-nodejs:dynamic/eks-cni:${kind}`,
    inputs: (kind) => ({ __provider: providerText(`${kind.charAt(0).toLowerCase()}${kind.slice(1)}`) }),
};

/**
 * The binding of the provider plugin, which serves the live checks itself. For a program in another language, the engine would
 * start dynamic providers in the program's folder, which contains no Node.js package.
 *
 * The live checks have no version, so that the default provider that constructed the component also serves them.
 */
const plugin: EngineBinding = { type: (kind) => `eks-cni:index:${kind}`, inputs: () => ({}) };

/** A program that is rewritten in another language keeps the live checks of the earlier one: each binding's type is an alias. */
const BINDINGS = [dynamicProvider, plugin];

let binding = dynamicProvider;

/** Only the plugin calls this, once, before it serves. It then serves the live checks of each component that it constructs. */
export function usePluginBinding(): void {
    binding = plugin;
}

/** Whether the plugin serves this component, so that this process is not the program's. */
export function isInPlugin(): boolean {
    return binding === plugin;
}

/** A custom resource of the live checks. */
abstract class LiveCheck extends pulumi.CustomResource {
    /** An input of each live check (but the deletion order), always known. A refresh puts what it has found there. */
    declare public readonly drift: pulumi.Output<string>;

    protected constructor(
        kind: string,
        name: string,
        inputs: object,
        outputs: readonly string[],
        opts: pulumi.CustomResourceOptions,
    ) {
        const unknown = Object.fromEntries(outputs.map((output) => [output, undefined]));
        const aliases = BINDINGS.filter((other) => other !== binding).map((other) => ({ type: other.type(kind) }));
        super(binding.type(kind), name, { ...inputs, ...unknown, ...binding.inputs(kind) }, { ...opts, aliases });
    }
}

/** Does nothing: it has a place in the engine's order of deletions. */
export class DeletionOrder extends LiveCheck {
    public constructor(name: string, opts: pulumi.CustomResourceOptions) {
        super("DeletionOrder", name, {}, [], opts);
    }
}

/** Proves the role, and records the state before the hand-over. Its delete is the hand-back. */
export class CredentialGuard extends LiveCheck {
    declare public readonly record: pulumi.Output<HandOverRecord>;
    declare public readonly formerAnnotations: pulumi.Output<Record<string, string>>;
    declare public readonly approvedRole: pulumi.Output<string>;

    public constructor(name: string, inputs: Inputs<CredentialGuardInputs>, opts: pulumi.CustomResourceOptions) {
        super("CredentialGuard", name, inputs, ["record", "formerAnnotations", "approvedRole"], opts);
    }
}

/** Restarts the pods, so that they carry the CNI role: canaries first, then waves. */
export class Canary extends LiveCheck {
    declare public readonly shown: pulumi.Output<string>;
    declare public readonly rollouts: pulumi.Output<number>;
    /** The role that it has tried: an input. */
    declare public readonly approvedRole: pulumi.Output<string>;

    public constructor(name: string, inputs: Inputs<CanaryInputs>, opts: pulumi.CustomResourceOptions) {
        super("Canary", name, inputs, ["shown", "rollouts"], opts);
    }
}

/** Gives the managed add-on the role that the pods carry. */
export class AddOnRole extends LiveCheck {
    declare public readonly told: pulumi.Output<string>;
    declare public readonly updates: pulumi.Output<number>;

    public constructor(name: string, inputs: Inputs<AddOnRoleInputs>, opts: pulumi.CustomResourceOptions) {
        super("AddOnRole", name, inputs, ["told", "updates"], opts);
    }
}

/** Verifies every pod, then detaches the CNI policy from the node roles. */
export class Detachment extends LiveCheck {
    declare public readonly verifiedPods: pulumi.Output<number>;
    declare public readonly detachedFrom: pulumi.Output<string[]>;
    declare public readonly remainingSteps: pulumi.Output<string[]>;
    /** The role that it has verified, and the record of then: inputs. */
    declare public readonly approvedRole: pulumi.Output<string>;
    declare public readonly record: pulumi.Output<HandOverRecord>;

    public constructor(name: string, inputs: Inputs<DetachmentInputs>, opts: pulumi.CustomResourceOptions) {
        super("Detachment", name, inputs, ["verifiedPods", "detachedFrom", "remainingSteps"], opts);
    }
}
