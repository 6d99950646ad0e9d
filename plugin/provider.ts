import * as pulumi from "@pulumi/pulumi";
import { CNI_SERVICE_ACCOUNT_ROLE_TYPE, CniServiceAccountRole } from "../components/cniServiceAccountRole";
import { isLiveCheckName, LiveCheckProvider, liveCheckProvider } from "../handover/engine/liveCheckProvider";
import type { OperationContext } from "../handover/observe/runContext";
import { packageSchema, packageVersion } from "./packageFiles";
import { unwrapped, wrapped } from "./secrets";

/**
 * The provider plugin: it constructs the component for programs in any language, and serves the live checks that the component
 * registers meanwhile as resources of its own.
 *
 * (The SDK's `ComponentProvider` makes its schema anew, with the TypeScript compiler, each time it starts:
 * https://github.com/pulumi/pulumi/blob/master/sdk/nodejs/provider/experimental/provider.ts)
 */
export class EksCniProvider implements pulumi.provider.Provider {
    public readonly version = packageVersion();
    public readonly schema = packageSchema();
    private readonly cancelling = new AbortController();

    /** The engine says so on the first Ctrl-C, and then waits for what is under way. */
    public cancel(): Promise<void> {
        this.cancelling.abort();
        return Promise.resolve();
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
            throw toldOnce(error);
        }
    }

    public diff(_id: string, urn: string, olds: object, news: object): Promise<pulumi.provider.DiffResult> {
        return Promise.resolve({
            changes: liveCheck(urn).changes(unwrapped(olds).properties, unwrapped(news).properties),
        });
    }

    public async create(urn: string, inputs: object): Promise<pulumi.provider.CreateResult> {
        const { properties, secrets } = unwrapped(inputs);
        const { id, state } = await liveCheck(urn).create(properties, this.operationContext(urn));
        return { id, outs: wrapped(state, secrets) };
    }

    public async update(_id: string, urn: string, olds: object, news: object): Promise<pulumi.provider.UpdateResult> {
        const { properties, secrets } = unwrapped(news);
        return {
            outs: wrapped(
                await liveCheck(urn).update(unwrapped(olds).properties, properties, this.operationContext(urn)),
                secrets,
            ),
        };
    }

    public async read(id: string, urn: string, state: object = {}): Promise<pulumi.provider.ReadResult> {
        const { properties, secrets } = unwrapped(state);
        // An empty id would have the engine drop the record.
        return { id, props: wrapped(await liveCheck(urn).read(properties, this.operationContext(urn)), secrets) };
    }

    public delete(_id: string, urn: string, state: object): Promise<void> {
        return liveCheck(urn).delete(unwrapped(state).properties, this.operationContext(urn));
    }

    /** What the plugin prints nobody sees; the engine shows what is logged with a URN beside the resource. */
    private operationContext(urn: string): OperationContext {
        const resource = new pulumi.DependencyResource(urn);
        return { progress: (line) => void pulumi.log.info(line, resource), cancelled: this.cancelling.signal };
    }
}

/**
 * The message lists each argument, as a program in TypeScript is shown it. The engine would list them a second time, each with
 * its value, from the error's own list.
 */
function toldOnce(error: unknown): unknown {
    return pulumi.InputPropertiesError.isInstance(error)
        ? new pulumi.InputPropertiesError({ message: error.message, errors: [] })
        : error;
}

/** What the live check does, by the type in its URN: `urn:pulumi:STACK::PROJECT::PARENT$TYPE::NAME`. */
function liveCheck(urn: string): LiveCheckProvider {
    const type = urn.split("::")[2]?.split("$").at(-1) ?? "";
    const [, kind = ""] = /^eks-cni:index:(\w+)$/.exec(type) ?? [];
    const name = kind.charAt(0).toLowerCase() + kind.slice(1);
    if (!isLiveCheckName(name)) {
        throw new Error(`eks-cni ${packageVersion()} has no resource ${type}: a newer version has written this state.`);
    }
    return liveCheckProvider(name);
}

/** Of the component's fields, what `registerOutputs` is given as well. */
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
