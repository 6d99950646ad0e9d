import type { PluginSettings } from "../../documents/pluginSettings";
import type { AssociatedAccount } from "../../documents/podIdentity";
import type { PolicyDocument } from "../../documents/policyDocument";
import type { TrustedSubject } from "../../documents/trustedSubjects";

export interface ProofRequest {
    readonly roleArn: string;
    /** Empty with `podIdentity`: the association may not exist yet. */
    readonly token: string;
    /** The service account that gets the role by an association. Missing: by its token. */
    readonly podIdentity?: AssociatedAccount;
    readonly ipFamily: "ipv4" | "ipv6";
    /** `assumeRole`: only the trust policy. `full`: also DryRun calls as the role, and a simulation if the caller may do it. */
    readonly depth: "full" | "assumeRole";
    /**
     * The plugin's settings, if pods start with the role next: `full` then leaves out the actions that their start tests (documents/startActions.ts).
     * Missing: it asks about all.
     */
    readonly start?: { readonly settings: PluginSettings | undefined };
    /** An instance of the cluster, so that the DryRun calls get arguments like a node's. */
    readonly instanceId: string | undefined;
    /**
     * The trust policy with which a refusal of STS says nothing about the nodes: one that trusts the token's subject, or exactly this document. It is read
     * then, and the refusal is about this machine, or about a change that IAM still propagates. Missing: STS decides.
     */
    readonly trust?: TrustedSubject | PolicyDocument;
}

/**
 * The result of a proof.
 *
 * `undecided`: the machine that runs Pulumi cannot tell, and the canary decides. Both `undecided` and `no` may become `yes` while IAM
 * propagates a change: IAM's simulator knows a policy before EC2 enforces it.
 */
export type Proof =
    | { readonly verdict: "yes"; readonly evidence: readonly string[] }
    | {
          readonly verdict: "undecided";
          readonly why: string;
          readonly evidence: readonly string[];
          /** Waiting does not help: nothing that could decide it was allowed to be asked. Missing: it may. */
          readonly final?: boolean;
      }
    /** `final`: waiting does not help (a role in another account, STS deactivated in the region). */
    | {
          readonly verdict: "no";
          readonly code: ProofFailure;
          readonly why: string;
          readonly final: boolean;
          /** The fix, if it is not a change of the role. */
          readonly fix?: string;
      };

/** Which of the plugin's writing actions to decide before the node roles lose the permissions. */
export interface UndecidedRequest extends Pick<ProofRequest, "roleArn" | "ipFamily" | "instanceId"> {
    /** For the DryRun calls. Undefined: none is made. */
    readonly token: string | undefined;
    /** Of the DaemonSet. */
    readonly settings: PluginSettings | undefined;
}

/** Writing actions of which nothing shows that the role may call them on the nodes, and that no start of the plugin calls. */
export interface UndecidedActions {
    readonly actions: readonly string[];
    /** Sentences: what was asked, and what the answers were. */
    readonly why: string;
    /** How to get an answer. */
    readonly fix: string;
}

/** A session of an association, as a pod gets it. */
export interface PodSessionRequest extends Pick<ProofRequest, "roleArn" | "ipFamily" | "depth" | "instanceId"> {
    readonly clusterName: string;
    /** Bound to a pod of the service account, for the audience of EKS Pod Identity. */
    readonly token: string;
}

export interface PodSessionProof {
    readonly proof: Proof;
    /** Whether asking again does not help. EKS Auth knows an association, and IAM a policy, only after seconds. */
    readonly final: boolean;
}

export type FailedProof = Extract<Proof, { verdict: "no" }>;

export type ProofFailure =
    | "trust-refused"
    | "provider-missing"
    | "token-refused"
    | "sts-region-inactive"
    | "sts-unreachable"
    | "permission-missing";
