import type { ServiceAccountPatch } from "@pulumi/kubernetes/core/v1";
import * as pulumi from "@pulumi/pulumi";
import { serviceAccountAnnotations } from "../documents/serviceAccountAnnotations";
import { ServiceAccountName } from "../documents/trustPolicy";
import { DEFAULT_SERVICE_ACCOUNT } from "./arguments/defaults";
import { after, resourcesAfter, ValidArgs, validArgs } from "./arguments/validArgs";
import { validateLate, validateNow } from "./arguments/validateArguments";
import { CniServiceAccountRoleArgs } from "./cniServiceAccountRoleArgs";
import { formerFieldManagers } from "./delivery/formerFieldManagers";
import { deliveryDigest, rollOut } from "./delivery/rollout";
import { annotateServiceAccount } from "./delivery/serviceAccountPatch";
import { makeCanary, makeCredentialGuard, makeDetachment, makeInjectionGuard } from "./live/liveChecks";
import { withSecrets } from "./live/liveConnection";
import type { LiveContext } from "./live/liveContext";
import { remainingWithoutLiveChecks } from "./live/remainingWithoutLiveChecks";
import { refuseUnsafeStack } from "./live/stackRules";
import { resolveCluster } from "./role/cluster";
import { CniRole, existingRole, makeRole } from "./role/cniRole";
import { shapeOf } from "./shape";

/** The type token of the component in a stack's state. */
export const CNI_SERVICE_ACCOUNT_ROLE_TYPE = "eks-cni:index:CniServiceAccountRole";

/**
 * Gives the Amazon VPC CNI plugin (`kube-system/aws-node`) of an EKS cluster an IAM role of its own: makes the role,
 * annotates the service account with it, and restarts the pods so that they use it.
 *
 * Source: https://docs.aws.amazon.com/eks/latest/userguide/cni-iam-role.html
 */
export class CniServiceAccountRole extends pulumi.ComponentResource {
    /**
     * The ARN of the role, made by the component or given as `existingRoleArn`. It is known as soon as the role is there,
     * before anything uses it.
     */
    public readonly roleArn: pulumi.Output<string>;
    /**
     * The name of the role, without its path.
     */
    public readonly roleName: pulumi.Output<string>;
    /**
     * The ARNs of the managed policies that the component attached: the CNI policy, then `additionalPolicyArns`. Empty with
     * `existingRoleArn`.
     */
    public readonly policyArns: pulumi.Output<string[]>;
    /**
     * The annotations that deliver the role to the service account; with `delivery: external`, those that somebody else is
     * to put there.
     */
    public readonly serviceAccountAnnotations: pulumi.Output<{ [key: string]: string }>;
    /**
     * The ARN of the role, once all that was asked for is done: the permissions are attached, the service account is
     * annotated, the pods are restarted and, with live checks, each of them was seen to carry the role and the policy has left
     * the node roles. What needs the CNI to work, such as node groups, depends on it.
     */
    public readonly ready: pulumi.Output<string>;
    /**
     * How many pods the live checks saw with the role. 0 without live checks.
     */
    public readonly verifiedPods: pulumi.Output<number>;
    /**
     * The names of the node roles that the CNI policy has left. Empty without `detachFromNodeRoles`.
     */
    public readonly detachedFrom: pulumi.Output<string[]>;
    /**
     * What of the EKS user guide's page is not done, and why, a sentence each with its code in brackets. Empty when all of it is
     * done.
     */
    public readonly remainingSteps: pulumi.Output<string[]>;

    /**
     * @param name The component's name in the stack, from which its children's names derive.
     * @param args What to make, and for which cluster.
     * @param opts Pulumi's options; providers, aliases and the like reach the children.
     * @throws InputPropertiesError that lists everything wrong with the arguments, before anything is created.
     */
    constructor(name: string, args: CniServiceAccountRoleArgs, opts?: pulumi.ComponentResourceOptions) {
        // The component creates nothing from arguments that contradict IAM, Kubernetes, each other or the cluster.
        super(CNI_SERVICE_ACCOUNT_ROLE_TYPE, name, withSecrets(validateNow(name, args)), opts);
        const shape = shapeOf(args);
        if (shape.liveChecks) {
            refuseUnsafeStack(this, name, args, shape);
        }
        const cluster = resolveCluster(this, name, args, validateLate(this, name, args));
        const { gate } = cluster;
        const valid = validArgs(args, gate);
        const oidcProviderArn = after(gate, cluster.oidcProviderArn);
        const serviceAccount = serviceAccountOf(valid);

        // Step 1 of the EKS user guide's page: the role with its trust policy and its permissions, …
        const role =
            valid.existingRoleArn !== undefined
                ? existingRole(valid.existingRoleArn)
                : makeRole({
                      name,
                      args: valid,
                      gate,
                      ipv6Policy: shape.ipv6Policy,
                      additionalPolicies: args.additionalPolicyArns ?? [],
                      oidcProviderArn,
                      serviceAccount,
                      live: shape.liveChecks,
                      parent: this,
                  });
        const annotations = annotationsOf(role, valid);
        const delivered = deliveryDigest(role, annotations);
        const live: LiveContext | undefined = shape.liveChecks
            ? {
                  name,
                  args,
                  valid,
                  gate,
                  shape,
                  role,
                  annotations,
                  serviceAccount,
                  oidcProviderArn,
                  region: after(gate, cluster.region),
                  delivered,
                  formerFieldManagers: formerFieldManagers(name, opts?.aliases),
                  parent: this,
              }
            : undefined;
        // Each resource depends on all before it.
        const made: pulumi.CustomResource[] = [...role.attachments];
        const guard = live && makeCredentialGuard(live, made);
        made.push(...present(guard?.resource));
        const patchOptions = () => ({
            parent: this,
            dependsOn: resourcesAfter(guard?.gate ?? gate, made),
            // The credential guard removes what the patches have written, in a safe order. Without it the component's own option
            // holds, which a plain false would override.
            ...(guard && { retainOnDelete: true }),
        });

        // … and the annotation of the service account. One pod of each node role takes the role first.
        const patch = shape.serviceAccountPatch
            ? annotateServiceAccount(name, valid, serviceAccount, annotations, shape.liveChecks, patchOptions())
            : undefined;
        made.push(...present(patch));
        const canary = live && guard && patch && makeCanary(live, guard, uidOf(patch), made);
        made.push(...present(canary));

        // Step 2: the other pods restart, since only new pods get the role.
        if (shape.daemonSetPatch) {
            const rollout = {
                timeoutSeconds: args.rollout?.timeoutSeconds,
                updateStrategy: canary?.updateStrategy,
                carriedBefore: canary?.carriedBefore,
                maxNotReadyNodes: live ? (args.maxNotReadyNodes ?? 0) : 0,
            };
            made.push(rollOut(name, valid, serviceAccount.namespace, delivered, rollout, patchOptions()));
        }

        // Step 3: once every pod carries the role, the policy leaves the node roles, and no new pod is without the role.
        made.push(...(live && guard ? makeInjectionGuard(live, guard, made) : []));
        const detached = live && guard && canary && makeDetachment(live, guard, canary, made);
        made.push(...present(detached?.resource));

        this.roleArn = role.arn;
        this.roleName = role.name;
        this.policyArns = role.policyArns;
        this.serviceAccountAnnotations = annotations;
        this.ready = whenMade(role.arn, made);
        this.verifiedPods = detached?.verifiedPods ?? pulumi.output(0);
        this.detachedFrom = detached?.detachedFrom ?? pulumi.output<string[]>([]);
        this.remainingSteps = detached?.remainingSteps ?? pulumi.output(remainingWithoutLiveChecks(shape));
        this.registerOutputs({
            roleArn: this.roleArn,
            roleName: this.roleName,
            policyArns: this.policyArns,
            serviceAccountAnnotations: this.serviceAccountAnnotations,
            ready: this.ready,
            verifiedPods: this.verifiedPods,
            detachedFrom: this.detachedFrom,
            remainingSteps: this.remainingSteps,
        });
    }
}

function annotationsOf(role: CniRole, { stsRegionalEndpoints, tokenExpirationSeconds }: ValidArgs) {
    return pulumi.all([role.arn, stsRegionalEndpoints, tokenExpirationSeconds]).apply(([roleArn, regional, seconds]) =>
        serviceAccountAnnotations({
            roleArn,
            stsRegionalEndpoints: regional,
            tokenExpirationSeconds: seconds,
        }),
    );
}

function present<T>(value: T | undefined): T[] {
    return value === undefined ? [] : [value];
}

function serviceAccountOf({ serviceAccount }: ValidArgs): pulumi.Output<ServiceAccountName> {
    // Lifted one by one, so that an unknown part leaves the other known.
    return pulumi.output({
        namespace: orDefault(serviceAccount?.namespace, DEFAULT_SERVICE_ACCOUNT.namespace),
        name: orDefault(serviceAccount?.name, DEFAULT_SERVICE_ACCOUNT.name),
    });
}

function orDefault(value: pulumi.Output<string | undefined> | undefined, otherwise: string): pulumi.Output<string> {
    return value?.apply((known) => known ?? otherwise) ?? pulumi.output(otherwise);
}

/** By which the live checks tell whether they see the same cluster. Unknown to mocks. */
function uidOf({ metadata }: ServiceAccountPatch): pulumi.Output<string> {
    return metadata.apply((known) => (known as { uid?: string } | undefined)?.uid ?? "");
}

/** The value, once the resources are there: their ids are known only then, in a preview too. */
function whenMade(value: pulumi.Output<string>, resources: pulumi.CustomResource[]): pulumi.Output<string> {
    return pulumi.all([value, ...resources.map(({ id }) => id)]).apply(([known]) => known as string);
}
