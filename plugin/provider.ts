import * as pulumi from "@pulumi/pulumi";
import { CNI_SERVICE_ACCOUNT_ROLE_TYPE, CniServiceAccountRole } from "../components/cniServiceAccountRole";
import { PluginBinding } from "../handover/engine/pluginBinding";
import { packageSchema, packageVersion } from "./packageFiles";

/**
 * The provider plugin: constructs the component for programs in any language, and serves the live checks that the component
 * registers.
 *
 * It does not use the SDK's `ComponentProvider`, which compiles the package to generate its schema at each start.
 *
 * Source: https://github.com/pulumi/pulumi/blob/master/sdk/nodejs/provider/experimental/provider.ts
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
                `eks-cni ${this.version} has no component ${type}; it has ${CNI_SERVICE_ACCOUNT_ROLE_TYPE}. ` +
                    "Correct the type, or install another version of eks-cni.",
            );
        }
        try {
            const component = new CniServiceAccountRole(name, inputs, options);
            return Promise.resolve({ urn: component.urn, state: outputsOf(component) });
        } catch (error) {
            throw withoutErrorList(error);
        }
    }
}

/**
 * Removes the error's own list of arguments. The message already lists them, as a TypeScript program shows it, and the engine would
 * print the list a second time, with the values.
 */
function withoutErrorList(error: unknown): unknown {
    return pulumi.InputPropertiesError.isInstance(error)
        ? new pulumi.InputPropertiesError({ message: error.message, errors: [] })
        : error;
}

/** The same outputs that the component passes to `registerOutputs`. */
function outputsOf({
    roleArn,
    roleName,
    policyArns,
    serviceAccountAnnotations,
    provedRoleArn,
    ready,
    verifiedPods,
    detachedFrom,
    remainingSteps,
    emergencyCommand,
}: CniServiceAccountRole): pulumi.Inputs {
    return {
        roleArn,
        roleName,
        policyArns,
        serviceAccountAnnotations,
        provedRoleArn,
        ready,
        verifiedPods,
        detachedFrom,
        remainingSteps,
        emergencyCommand,
    };
}
