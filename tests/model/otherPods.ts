/**
 * Pods of other DaemonSets than the component's, with the same service account or with another one. The live checks never restart them:
 * only their owner does.
 */
import { AWS_NODE, suffices } from "./cniRole";
import { FOREIGN_ROLE, type ModelWorld, POD_IDENTITY } from "./world";

export interface OtherPod {
    readonly name: string;
    readonly node: string;
    /** Undefined for a pod that its DaemonSet has left behind. */
    readonly daemonSet: string | undefined;
    readonly serviceAccount: string;
    /** Undefined: the pod uses the node role. */
    readonly roleArn: string | undefined;
}

export const SECOND_DAEMON_SET = "aws-node-arm";

export class OtherPods {
    private list: readonly OtherPod[] = [];
    private created = 0;

    public get pods(): readonly OtherPod[] {
        return this.list;
    }

    /** The pods with a role of IAM, as the look at the cluster finds them. */
    public get carriers(): readonly (OtherPod & { readonly roleArn: string })[] {
        return this.list.flatMap((pod) =>
            pod.roleArn === undefined || pod.roleArn === POD_IDENTITY ? [] : [{ ...pod, roleArn: pod.roleArn }],
        );
    }

    public add(pods: readonly Omit<OtherPod, "name">[]): void {
        const named = pods.map((pod) => {
            this.created += 1;
            return { ...pod, name: `other${String(this.created)}` };
        });
        this.list = [...this.list, ...named];
    }

    public lose(node: string): void {
        this.list = this.list.filter((pod) => pod.node !== node);
    }

    public removeAll(): void {
        this.list = [];
    }

    /** A problem for each pod that carries a role which does not serve it. A pod without a role is its owner's concern. */
    public withoutPath(world: ModelWorld): string[] {
        const { cniRoles, broken } = world;
        return this.carriers.flatMap(({ name, serviceAccount, roleArn }) => {
            const role = cniRoles.get(roleArn);
            const serves = role !== undefined && suffices(role, world, serviceAccount);
            // A role that fails on the nodes was given by the annotation during the time of a canary.
            const isExcepted = roleArn === FOREIGN_ROLE || broken.has(roleArn) || role?.works === false;
            return serves || isExcepted ? [] : [`${name} has no path: it carries ${roleArn}`];
        });
    }
}

/** The owner installs a second DaemonSet with this service account, and the webhook gives its pods what it gives to all. */
export function installSecond(world: ModelWorld, serviceAccount: string): void {
    world.others.removeAll();
    const roleArn = world.roleForNewPod(serviceAccount);
    if (world.admits(roleArn, serviceAccount)) {
        world.others.add(
            world.nodes.map(({ name }) => ({ node: name, daemonSet: SECOND_DAEMON_SET, serviceAccount, roleArn })),
        );
    }
    world.changed();
}

/** The owner restarts the second DaemonSet, and deletes the pods that a former DaemonSet has left behind. */
export function restartOthers(world: ModelWorld): void {
    const second = world.others.pods.find(({ daemonSet }) => daemonSet === SECOND_DAEMON_SET);
    if (second === undefined) {
        removeOthers(world);
    } else {
        installSecond(world, second.serviceAccount);
    }
}

export function removeOthers(world: ModelWorld): void {
    world.others.removeAll();
    world.changed();
}

/** The owner deletes the component's DaemonSet without its pods (`--cascade=orphan`), and creates one with another name. */
export function renameDaemonSet(world: ModelWorld): void {
    const left = world.replaceDaemonSet(world.daemonSetName === AWS_NODE ? "another" : AWS_NODE);
    world.others.add(
        left.map(({ node, serviceAccount, roleArn }) => ({ node, daemonSet: undefined, serviceAccount, roleArn })),
    );
}

/** The owner gives the DaemonSet another service account, which changes the pod template. */
export function changeServiceAccount(world: ModelWorld): void {
    world.serviceAccountName = world.serviceAccountName === AWS_NODE ? "another" : AWS_NODE;
    world.changed();
}
