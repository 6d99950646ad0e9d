import type { PluginSettings } from "../../documents/pluginSettings";
import type { PolicyRead } from "../../documents/nodeBoot";
import type { AddOnSeen } from "./addOn";
import type { AssociationsSeen } from "./association";
import type { OtherDelivery } from "./otherDelivery";
import type { UndecidedActions } from "./proof";
import type { ServiceAccountName } from "./subject";
import type { SettingGap } from "./settingGap";

/** The observed state of the cluster and the account. Decisions are pure functions of it. */
export interface World {
    /** When it was observed, in milliseconds since the epoch. */
    readonly at: number;
    readonly cluster: ClusterSeen;
    readonly account: AccountSeen;
}

/** The observed state of the cluster. */
export interface ClusterSeen {
    /** The UID of the namespace kube-system, which identifies the cluster. */
    readonly uid: string;
    /**
     * When the look at the cluster began, in milliseconds since the epoch. Nothing shows how a pod has been since. Missing if that is the time of the
     * world.
     */
    readonly seenAt?: number;
    /**
     * How far the clock of AWS is ahead of this machine's, in milliseconds. The times of the cluster are converted, and those of the account are not.
     * Missing: not at all.
     */
    readonly clockAhead?: number;
    /** Undefined when it does not exist. */
    readonly serviceAccount: ServiceAccountSeen | undefined;
    /** Undefined when it does not exist. */
    readonly daemonSet: DaemonSetSeen | undefined;
    /** The nodes that the DaemonSet selects: no Fargate, Auto Mode, hybrid or Windows nodes. */
    readonly nodes: readonly NodeSeen[];
    /** The nodes that the DaemonSet does not select and that are EC2 instances. Missing if there are none. */
    readonly otherNodes?: readonly OtherNodeSeen[];
    /** The pods that the DaemonSet owns, including terminating ones. */
    readonly pods: readonly PodSeen[];
    readonly injectionGuard: InjectionGuardSeen;
    /** Other pods of the service account, and the pods of its predecessors, if they carry a role. Missing if there are none. */
    readonly otherCarriers?: readonly OtherCarrier[];
    /** Former service accounts that the component still annotates. Missing if there are none. */
    readonly formerServiceAccounts?: readonly ServiceAccountName[];
    /** The nodes with a Ready pod of the EKS Pod Identity Agent, if the run depends on it. */
    readonly agentsReadyOn?: readonly string[];
    /**
     * The taints of nodes that the CNI tolerates and this agent does not, for example `node.kubernetes.io/not-ready:NoSchedule`. Missing if there are
     * none.
     */
    readonly taintsWithoutAgent?: readonly string[];
    /** Messages of the DaemonSet's FailedCreate events in the last minutes, newest first. */
    readonly refusedPods: readonly string[];
    /**
     * When the first of them was refused of those that are newer than each pod, in milliseconds since the epoch: the controller has created none
     * since. Missing if there is none.
     */
    readonly refusedSince?: number;
    /** Pods of kube-system/aws-node on these nodes that have no role of their own, if another DaemonSet is handed over. */
    readonly defaultPodsWithoutRole?: readonly string[];
}

export interface InjectionGuardSeen {
    /** Whether its policy or its binding exists. */
    readonly present: boolean;
    /** Whether both exist, and their controller has no warning. An API server may begin to enforce them later. */
    readonly inForce: boolean;
    /**
     * The roles that the policy admits. Empty if its expressions are not exactly those of this version. Undefined if there is no
     * policy.
     */
    readonly roleArns?: readonly string[];
    /** Whether its expressions are not exactly those of this version. Missing if they are, or if there is no policy. */
    readonly otherExpressions?: true;
    /** Whether the policy exists without its binding, and so refuses nothing. Missing: it does not. */
    readonly unbound?: true;
    /**
     * The field managers of a policy or binding of this name that the component has not applied. It counts as no guard of the component, which neither
     * changes nor deletes it. Missing: there is none.
     */
    readonly othersManagers?: readonly string[];
}

/** A pod that carries a role and does not belong to the DaemonSet. */
export interface OtherCarrier {
    readonly name: string;
    readonly serviceAccount: ServiceAccountName;
    /** The DaemonSet that owns it. Undefined if none does. */
    readonly daemonSet: string | undefined;
    /** Empty if it has the credentials of an association, and which role that gives it is unknown. */
    readonly roleArns: readonly string[];
    /** Missing if it has no credentials of an association. */
    readonly associated?: {
        /** In milliseconds since the epoch. 0: the association that the look reads is not that of its service account. */
        readonly createdAt: number;
        /** Its containers, init containers too, sorted. */
        readonly containers: readonly string[];
    };
}

export interface ServiceAccountSeen {
    readonly uid: string;
    /** Those of `eks.amazonaws.com/` and `pulumi.com/`, and the component's own. */
    readonly annotations: Readonly<Record<string, string>>;
    /** The field managers that own the annotation `eks.amazonaws.com/role-arn`. */
    readonly roleArnOwners: readonly string[];
    /**
     * Those of them that own it by server-side apply. Only an apply shares the ownership of an equal value: after an update, the next manager
     * that releases the annotation removes it. Missing if there are none.
     */
    readonly roleArnAppliers?: readonly string[];
    /** The webhook's other annotations that the component itself applies. Missing if there are none. */
    readonly ownSettings?: readonly string[];
    /** When the first of its present owners wrote its fields last, in milliseconds since the epoch. Missing if it has none. */
    readonly roleArnSince?: number;
}

export interface DaemonSetSeen {
    /** The service account of its pod template. */
    readonly serviceAccountName?: string;
    readonly updateStrategy: "RollingUpdate" | "OnDelete";
    /** How many of its pods may be unavailable: maxUnavailable, resolved against the number of its nodes. At least 1. */
    readonly maxUnavailable: number;
    /** The labels and annotations of its pod template. */
    readonly templateLabels: Readonly<Record<string, string>>;
    readonly templateAnnotations: Readonly<Record<string, string>>;
    /** Container images by container name, for the version of the CNI. */
    readonly images: Readonly<Record<string, string>>;
    /** Arguments of the container `aws-eks-nodeagent`, for --enable-cloudwatch-logs. */
    readonly nodeAgentArguments: readonly string[];
    /** Whether the controller has observed the newest template. */
    readonly observed: boolean;
    /** Whether it still has the annotation with which a run woke its controller. */
    readonly woken: boolean;
    /** Whether the component has excluded the containers of its pod template from the webhook. Missing: it has not. */
    readonly skipsContainers?: true;
    /** The plugin's settings that decide which AWS calls it makes: those of its container `aws-node` that are not the default. Missing if there are none. */
    readonly settings?: PluginSettings;
    /** The field manager of the component whose patch it has. */
    readonly patchFieldManager?: string | undefined;
}

export interface NodeSeen {
    readonly name: string;
    readonly ready: boolean;
    /** The EC2 instance ID from spec.providerID. Undefined if the node is not an EC2 instance. */
    readonly instanceId: string | undefined;
}

/**
 * A node that the DaemonSet does not select: Windows, EKS Auto Mode, or one that another DaemonSet of the plugin serves. Nodes of Fargate and
 * hybrid nodes are no EC2 instances of the account, so they use no node role.
 */
export interface OtherNodeSeen {
    readonly name: string;
    /** The EC2 instance ID from spec.providerID. */
    readonly instanceId: string;
    /** When it joined the cluster, in milliseconds since the epoch. Missing if the API server does not say it. */
    readonly joinedAt?: number;
    /** The plugin's pods there that have no role of their own. Missing if there are none. */
    readonly podsOnNodeRole?: readonly PodOnNodeRole[];
}

/** A pod of the plugin that another DaemonSet owns, and that uses the permissions of its node's role. */
export interface PodOnNodeRole {
    readonly name: string;
    /** The DaemonSet that owns it. */
    readonly daemonSet: { readonly namespace: string; readonly name: string };
    /** Whether it has the service account that is handed over, so that it gets the role when it restarts. */
    readonly sharesServiceAccount: boolean;
}

export interface PodSeen {
    readonly name: string;
    readonly uid: string;
    /** Any change of the pod changes it, also that it becomes Ready. */
    readonly resourceVersion?: string;
    /** From spec.nodeName or, before the pod is scheduled, from the node affinity. Empty if neither names a node. */
    readonly node: string;
    readonly createdAt: number;
    readonly ready: boolean;
    /** Milliseconds since the epoch. */
    readonly readySince: number | undefined;
    /** Since when it is not Ready, in milliseconds since the epoch. Undefined if it is Ready, or has no condition yet. */
    readonly unreadySince: number | undefined;
    readonly terminating: boolean;
    /** Whether it has the DaemonSet's current template. */
    readonly current: boolean;
    /** Container images by container name. Missing if it has the current template. */
    readonly images?: Readonly<Record<string, string>>;
    readonly credentials: CredentialSource;
    /** The message of its newest MissingIAMPermissions event. */
    readonly missingPermissions: string | undefined;
    /** When it was emitted last, in milliseconds since the epoch. */
    readonly missingPermissionsAt?: number;
    /** How many it has emitted, as far as the events tell. */
    readonly missingPermissionsCount?: number;
    /** The number of restarts of all its containers. */
    readonly restarts: number;
    /** Why it does not start, for a reason that its credentials have no part in. Missing if there is none. */
    readonly startProblem?: string;
}

/** The source of a pod's AWS credentials, according to its spec and the AWS SDK's credential chain. */
export type CredentialSource =
    /** No container has AWS_WEB_IDENTITY_TOKEN_FILE: the webhook missed the pod, or had no role for it. */
    | { readonly kind: "nodeRole" }
    /** Every container, including init containers, has the same role, the token file, and the volume with the audience. */
    | { readonly kind: "webIdentity"; readonly roleArn: string; readonly regionalSts: string | undefined }
    /** Every container has the credentials of a Pod Identity association. Its role is not visible in the pod. */
    | {
          readonly kind: "containerCredentials";
          readonly what: string;
          /** Why a container cannot use them. Missing if each can. */
          readonly fault?: string;
          /** The role of the association, if the run has read it and the pod is young enough: model/associatedRole.ts. */
          readonly roleArn?: string;
      }
    /** Credentials that a container sets itself, or those of Pod Identity in some containers only. */
    | { readonly kind: "other"; readonly what: string }
    /** Only some containers have the token file, their roles differ, or the volume or its audience is missing. */
    | { readonly kind: "incomplete"; readonly roleArns: readonly string[]; readonly what: string };

/** The observed state of the AWS account. */
export interface AccountSeen {
    /** Whether it was read by an earlier look. */
    readonly reused?: boolean;
    /** The role in each EC2 instance's profile, by instance ID. Undefined: no role, or EC2 does not show the instance. */
    readonly roleOfInstance: Readonly<Record<string, string | undefined>>;
    /** Where each EC2 instance is in the network, by instance ID. Missing in a world without networks. */
    readonly networkOfInstance?: Readonly<Record<string, NetworkSeen>>;
    /** The state of each of these instances that is being terminated, or is terminated, by instance ID. Missing if none is. */
    readonly leavingInstances?: Readonly<Record<string, LeavingState>>;
    /** The Pod Identity associations of the service account, if the run depends on them. */
    readonly associations?: AssociationsSeen;
    /** The roles of the service account's Pod Identity associations. Undefined if they were not read, or could not be. */
    readonly podIdentityRoleArns?: readonly string[];
    /** The roles of this cluster's nodes, and every role that was requested by name. */
    readonly nodeRoles: readonly NodeRoleSeen[];
    /** The clusters that the tags of all the nodes' instances name. */
    readonly clustersInTags?: readonly string[];
    /** The actions that the plugin's settings make it call, and that the CNI role does not grant. Missing: none, or the look does not read it. */
    readonly settingGap?: SettingGap;
    /** The managed add-on, if the run depends on it. */
    readonly addOn?: AddOnSeen;
    /** Only right before a detachment. */
    readonly otherDelivery?: OtherDelivery;
    /**
     * The instances of the other nodes, with pods that may use the node role, of which EC2 does not show the role yet. Only right before a
     * detachment. Missing if there are none.
     */
    readonly undecidedInstances?: readonly string[];
    /** Writing actions of the plugin that are not decided. Only right before a detachment. Missing: all are, or none was asked about. */
    readonly undecidedActions?: UndecidedActions;
    /** The regions whose instances could not be listed, only after a search of all of them. Missing if there are none. */
    readonly unreadRegions?: readonly UnreadRegion[];
    /** The regions that were searched, the cluster's own included, if the program has chosen them. Missing otherwise. */
    readonly searchedRegions?: readonly string[];
}

/** A region whose instances could not be listed, for example `eu-north-1`. */
export interface UnreadRegion {
    readonly region: string;
    /**
     * `serviceControlPolicy`: one denies both EC2's DescribeInstances and EKS's ListClusters there. `credentials`: AWS does not accept
     * the credentials there, and accepts them in the cluster's region. `other`: anything else, a permissions boundary or a policy that
     * denies DescribeInstances alone among it.
     */
    readonly cause: "serviceControlPolicy" | "credentials" | "other";
    /** AWS's answers. */
    readonly answer: string;
}

/**
 * The state that EC2 shows of an instance that does not come back. Its processes run until it is terminated. Its node stays in the cluster for about a
 * minute, and is Ready for most of it.
 *
 * Source: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-instance-lifecycle.html
 */
export type LeavingState = "shutting-down" | "terminated";

/** The states of an instance that runs, or may run again. A hibernated one is `stopped`. */
export type AliveState = "pending" | "running" | "stopping" | "stopped";

export type InstanceState = AliveState | LeavingState;

/** The way of an instance to AWS depends on these. */
export interface NetworkSeen {
    readonly subnetId: string;
    /** Sorted. */
    readonly securityGroupIds: readonly string[];
}

export interface NodeRoleSeen {
    readonly name: string;
    readonly exists: boolean;
    /** Attached AWS and customer managed policies that grant actions of the CNI: see documents/cniGrants.ts. */
    readonly cniPolicies: readonly CniPolicySeen[];
    /** Inline policies that grant actions of the CNI. */
    readonly inlineCniPolicies: readonly InlineCniPolicySeen[];
    /** All its policies, attached and inline, with what they say. Missing in a world without policy documents. */
    readonly policies?: readonly PolicyRead[];
    /** Its permissions boundary. Missing if it has none. */
    readonly boundary?: PolicyRead;
    /** IDs of this cluster's instances that run with it, joined or not. */
    readonly instancesOfCluster: readonly string[];
    /** Those of them that were no nodes when the cluster was looked at. Missing if there are none. */
    readonly unjoined?: readonly UnjoinedInstance[];
    /** Instances outside this cluster that run with it, as `<region>/<id>`. */
    readonly instancesElsewhere: readonly string[];
    /** The ARNs of the EKS clusters that the tags of these instances name, by the instance. Those without such tags are missing. */
    readonly clustersElsewhere?: Readonly<Record<string, readonly string[]>>;
    /** The regions in which IAM saw it used last, one for each look at most. Missing if IAM has seen no use. */
    readonly lastUsedIn?: readonly string[];
}

/**
 * An instance of the cluster that is no node of it: one that is about to join, or is stopped or hibernated, waits in a warm pool, or failed to join.
 *
 * Sources: https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-warm-pools.html,
 * https://docs.aws.amazon.com/eks/latest/userguide/warm-pools-managed-node-groups.html
 */
export interface UnjoinedInstance {
    readonly id: string;
    readonly state: AliveState;
    /** When it was last launched or started, in milliseconds since the epoch. */
    readonly launchedAt: number;
}

export interface InlineCniPolicySeen {
    readonly name: string;
    /** Whether it alone grants everything that the IP family needs. */
    readonly sufficient: boolean;
}

export interface CniPolicySeen {
    readonly arn: string;
    /**
     * `cni`: AmazonEKS_CNI_Policy, or a customer managed policy that grants only what the CNI needs. `broad`: another AWS managed
     * policy, `ec2:*`, or a policy that grants or denies anything else, so that detaching it would have other effects.
     */
    readonly kind: "cni" | "broad";
    /** Whether it alone grants everything that the IP family needs. */
    readonly sufficient: boolean;
}
