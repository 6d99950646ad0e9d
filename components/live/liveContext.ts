import * as pulumi from "@pulumi/pulumi";
import type { ServiceAccountName } from "../../documents/trustPolicy";
import { DEFAULT_IAM_PROPAGATION_SECONDS, DEFAULT_STABLE_SECONDS } from "../arguments/defaults";
import { ValidArgs } from "../arguments/validArgs";
import { Gate } from "../arguments/validateArguments";
import { CniServiceAccountRoleArgs } from "../cniServiceAccountRoleArgs";
import type { PodIdentityCluster } from "../role/cluster";
import { CniRole } from "../role/cniRole";
import { Shape } from "../shape";
import { OwnNodeRole } from "./ownNodeRoles";

/** The inputs of a component's live checks and of its plan in a preview. */
export interface LiveContext {
    readonly name: string;
    readonly args: CniServiceAccountRoleArgs;
    readonly valid: ValidArgs;
    readonly gate: Gate;
    readonly shape: Shape;
    readonly role: CniRole;
    readonly annotations: pulumi.Output<Record<string, string>>;
    readonly serviceAccount: pulumi.Output<ServiceAccountName>;
    readonly oidcProviderArn: pulumi.Output<string>;
    /** The cluster of the association. Undefined with another delivery. */
    readonly podIdentity: PodIdentityCluster | undefined;
    readonly region: pulumi.Output<string>;
    /** The digest of the role and the annotations. It changes if the pods get something else. */
    readonly delivered: pulumi.Output<string>;
    /** The node roles of detachFromNodeRoles that the component's own program manages. */
    readonly ownNodeRoles: pulumi.Output<OwnNodeRole[]>;
    /** The field managers that the component had before it was renamed. */
    readonly formerFieldManagers: readonly string[];
    readonly parent: pulumi.ComponentResource;
}

/** The settings that the live checks and the plan share, with their defaults. */
export interface LiveSettings {
    readonly injectionGuard: boolean;
    readonly stableSeconds: number;
    readonly iamPropagationSeconds: number;
    readonly maxNotReadyNodes: number;
}

export function liveSettings({ args, shape }: Pick<LiveContext, "args" | "shape">): LiveSettings {
    return {
        injectionGuard: shape.injectionGuard,
        stableSeconds: args.stableSeconds ?? DEFAULT_STABLE_SECONDS,
        iamPropagationSeconds: args.iamPropagationSeconds ?? DEFAULT_IAM_PROPAGATION_SECONDS,
        maxNotReadyNodes: args.maxNotReadyNodes ?? 0,
    };
}
