import * as pulumi from "@pulumi/pulumi";
import { createHash } from "crypto";
import { withoutTokens } from "../../documents/kubeconfigTokens";
import { bothHooks, resourceHook } from "../failures/namedHooks";

/** Among the inputs of the component, so that the state remembers it. */
const KEY = "kubernetesProvider";

/** These arguments differ if the program is about another cluster. */
const CLUSTER_KEYS = ["clusterName", "oidcProviderArn"];

/** Notices that the Kubernetes provider of a component without live checks was replaced. */
export interface ProviderWatch {
    readonly inputs: pulumi.Inputs;
    readonly opts: pulumi.ComponentResourceOptions;
    /** Of the patches. They stop no earlier, since a default provider is in the state only once a resource asks for it. */
    readonly hooks: pulumi.ResourceHookBinding;
}

/**
 * Stops the first update after the Kubernetes provider was replaced, before the engine replaces the patches: it creates the new ones, and then deletes the
 * old ones, whose delete gives up all fields of their field manager. That is the one of the new patches, too, so annotation and template lose their values,
 * and every pod restarts without the role. With live checks, the patches are retained.
 *
 * The next update finds the new provider in the state. Its inputs are the same then, so the engine replaces nothing, and the patches go on with it.
 * Of both updates only the first one knows that there was another provider, from the inputs of the component in the state.
 *
 * Source: https://github.com/pulumi/pulumi/blob/v3.248.0/pkg/resource/deploy/step_generator.go (providerChanged),
 * https://github.com/pulumi/pulumi-kubernetes/blob/master/provider/pkg/ssa/actions.go (Relinquish)
 */
export function watchProvider(opts: pulumi.ComponentResourceOptions = {}): ProviderWatch {
    const provider = explicitProvider(opts)?.id ?? configured();
    let replaced = false;
    const note: pulumi.ResourceHookFunction = ({ oldInputs, newInputs }) => {
        replaced = isReplaced(oldInputs as Inputs | undefined, newInputs as Inputs | undefined);
    };
    const watching = resourceHook("watch-provider", note);
    const stop = resourceHook("stop-replacement", () => (replaced ? Promise.reject(stopped()) : undefined));
    return {
        inputs: provider === undefined ? {} : { [KEY]: provider },
        opts: watching === undefined ? opts : { ...opts, hooks: bothHooks({ beforeUpdate: [watching] }, opts.hooks) },
        hooks: stop === undefined ? {} : { beforeCreate: [stop] },
    };
}

type Inputs = Readonly<Record<string, unknown>>;

/** Another cluster has another provider on purpose: its patches must be created there. */
export function isReplaced(before: Inputs = {}, after: Inputs = {}): boolean {
    const isSameCluster = CLUSTER_KEYS.every((key) => before[key] === after[key]);
    return before[KEY] !== undefined && after[KEY] !== before[KEY] && isSameCluster;
}

function stopped(): pulumi.RunError {
    return new pulumi.RunError(
        "The Kubernetes provider was replaced, since the cluster in its kubeconfig has changed. Nothing was changed on the cluster. If it is the same cluster, run " +
            "pulumi up again: the annotation and the pods stay as they are. If it is another one, run pulumi up --refresh.",
    );
}

/** Of the component's options. Its own method knows it only after the component is registered. */
function explicitProvider(opts: pulumi.ComponentResourceOptions): pulumi.ProviderResource | undefined {
    const { provider, providers = [], parent } = opts;
    const given = [
        ...(Array.isArray(providers) ? providers : Object.values(providers)),
        ...(provider ? [provider] : []),
    ];
    const own = given.find((one) => packageOf(one) === "kubernetes");
    return own ?? parent?.getProvider("kubernetes:core/v1:ServiceAccountPatch");
}

/** The SDK's types do not declare it: sdk/nodejs/resource.ts, ProviderResource.getPackage */
const packageOf = (provider: pulumi.ProviderResource) => (provider as unknown as { getPackage(): string }).getPackage();

/** A digest of the configuration of the default provider. Without one, or with an identifier, the engine does not replace it. */
function configured(): pulumi.Output<string> | undefined {
    const config = new pulumi.Config("kubernetes");
    const settings = ["kubeconfig", "context", "cluster"].map((key) => config.getSecret(key));
    if (config.get("clusterIdentifier") !== undefined || settings.every((value) => value === undefined)) {
        return undefined;
    }
    return pulumi.unsecret(
        pulumi.all(settings).apply((all) =>
            createHash("sha256")
                .update(JSON.stringify(all.map(withoutTokens)))
                .digest("hex")
                .slice(0, 16),
        ),
    );
}
