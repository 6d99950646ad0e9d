import * as pulumi from "@pulumi/pulumi";
import { CNI_SERVICE_ACCOUNT_ROLE_TYPE, CniServiceAccountRole } from "../components/cniServiceAccountRole";
import { PluginBinding } from "../handover/engine/pluginBinding";
import { packageSchema, packageVersion } from "./packageFiles";

/**
 * The provider plugin: constructs the component for programs in any language, and serves the live checks that the component
 * registers.
 *
 * (The SDK's `ComponentProvider` compiles the package to make its schema each time it starts:
 * https://github.com/pulumi/pulumi/blob/master/sdk/nodejs/provider/experimental/provider.ts)
 */
export class EksCniProvider extends PluginBinding {
    public readonly schema = packageSchema();

    public constructor() {
        super(packageVersion());
    }

    public construct(
        name: string,
        type: string,
        inputs: pulumi.Inputs,
        options: pulumi.ComponentResourceOptions,
    ): Promise<pulumi.provider.ConstructResult> {
        if (type !== CNI_SERVICE_ACCOUNT_ROLE_TYPE) {
            throw new Error(
                `eks-cni ${this.version} has no component ${type}; it has ${CNI_SERVICE_ACCOUNT_ROLE_TYPE}.`,
            );
        }
        try {
            const component = new CniServiceAccountRole(name, inputs, options);
            return Promise.resolve({ urn: component.urn, state: outputsOf(component) });
        } catch (error) {
            throw listedOnce(error);
        }
    }
}

/**
 * The message lists each argument, as a program in TypeScript shows it. From the error's own list the engine would list them a
 * second time, each with its value.
 */
function listedOnce(error: unknown): unknown {
    return pulumi.InputPropertiesError.isInstance(error)
        ? new pulumi.InputPropertiesError({ message: error.message, errors: [] })
        : error;
}

/** The component's fields that it also passes to `registerOutputs`. */
function outputsOf({
    roleArn,
    roleName,
    policyArns,
    serviceAccountAnnotations,
    ready,
    verifiedPods,
    detachedFrom,
    remainingSteps,
}: CniServiceAccountRole): pulumi.Inputs {
    return {
        roleArn,
        roleName,
        policyArns,
        serviceAccountAnnotations,
        ready,
        verifiedPods,
        detachedFrom,
        remainingSteps,
    };
}
