import type { PatchOperation } from "../identityWebhook/injection";
import type { Container, Volume } from "../identityWebhook/pod";
import type { Credentials, Outcome } from "./identityWebhookPods";

/** What a patch of the webhook does, in the words of `Outcome`. */
export function outcomeOf(patch: readonly PatchOperation[]): Outcome {
    const paths = patch.map(({ path }) => path);
    const label = paths.find((path) => path.startsWith("/metadata/labels"));
    const at = paths.find((path) => path.startsWith("/spec/volumes"));
    const valueAt = (path: string) => patch.find((operation) => operation.path === path)?.value;
    const initContainers = valueAt("/spec/initContainers") as Container[] | undefined;
    return {
        ...(label !== undefined && { label: { at: label, value: valueAt(label) } }),
        volume: at === undefined ? undefined : { at, ...tokenOf(valueAt(at)) },
        containers: credentialsOf(valueAt("/spec/containers") as Container[]),
        ...(initContainers && { initContainers: credentialsOf(initContainers) }),
    };
}

/** A list of one where the pod had no volumes. */
function tokenOf(value: unknown): { name: string; audience: string; seconds: number } {
    const { name, projected } = [value].flat()[0] as Volume;
    const { audience = "", expirationSeconds: seconds = 0 } = projected?.sources?.[0]?.serviceAccountToken ?? {};
    return { name, audience, seconds };
}

function credentialsOf(containers: readonly Container[]): Record<string, Credentials> {
    return once(
        containers.map(({ name, env = [], volumeMounts = [] }) => {
            const variables = env.map((variable) => [variable.name, variable.value ?? ""] as const);
            const mounts = volumeMounts.map(
                (mount) => [mount.name, mount.mountPath + (mount.readOnly ? ":ro" : "")] as const,
            );
            return [name, { env: once(variables), mounts: once(mounts) }];
        }),
    );
}

/** A variable that a container has twice would hide one of its values. */
function once<V>(entries: readonly (readonly [string, V])[]): Record<string, V> {
    const names = entries.map(([name]) => name);
    const twice = names.filter((name, index) => names.indexOf(name) !== index);
    if (twice.length > 0) {
        throw new Error(`the patch has twice: ${twice.join(", ")}`);
    }
    return Object.fromEntries(entries);
}
