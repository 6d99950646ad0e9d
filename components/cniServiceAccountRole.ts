import type { ServiceAccountPatch } from "@pulumi/kubernetes/core/v1";
import * as pulumi from "@pulumi/pulumi";
import { ServiceAccountName } from "../documents/trustPolicy";
import { serviceAccountAnnotations } from "../documents/serviceAccountAnnotations";
import { validateLate, validateNow } from "./arguments/validateArguments";
import { DEFAULT_SERVICE_ACCOUNT } from "./arguments/defaults";
import { after, ValidArgs, validArgs, resourcesAfter } from "./arguments/validArgs";
import { resolveCluster } from "./role/cluster";
import { existingRole, makeRole } from "./role/cniRole";
import { CniServiceAccountRoleArgs, Delivery, IpFamily } from "./cniServiceAccountRoleArgs";
import { formerFieldManagers } from "./delivery/formerFieldManagers";
import type { Canary } from "./live/liveResources";
import { isLive, liveChecks, refuseUnfitStack } from "./live/liveChecks";
import { withSecrets } from "./live/liveConnection";
import { remainingWithoutLiveChecks } from "./live/remainingWithoutLiveChecks";
import { deliveryDigest, rollOut } from "./delivery/rollout";
import { annotateServiceAccount } from "./delivery/serviceAccountPatch";

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
        // Nothing is made from arguments that contradict IAM, Kubernetes, each other or the cluster.
        super(CNI_SERVICE_ACCOUNT_ROLE_TYPE, name, withSecrets(validateNow(name, args)), opts);
        const live = isLive(args);
        if (live) {
            refuseUnfitStack(this, name, args);
        }
        const { gate, oidcProviderArn, region } = resolveCluster(this, name, args, validateLate(this, name, args));
        const checked = validArgs(args, gate);
        const serviceAccount = serviceAccountOf(checked);

        // Step 1 of the EKS user guide's page: the role with its trust and its permissions, …
        const role =
            checked.existingRoleArn !== undefined
                ? existingRole(checked.existingRoleArn)
                : makeRole({
                      name,
                      args: checked,
                      gate,
                      ipFamily: args.ipFamily ?? IpFamily.Ipv4,
                      additionalPolicies: args.additionalPolicyArns ?? [],
                      oidcProviderArn: after(gate, oidcProviderArn),
                      serviceAccount,
                      live,
                      parent: this,
                  });
        const annotations = pulumi
            .all([role.arn, checked.stsRegionalEndpoints, checked.tokenExpirationSeconds])
            .apply(([roleArn, stsRegionalEndpoints, tokenExpirationSeconds]) =>
                serviceAccountAnnotations({ roleArn, stsRegionalEndpoints, tokenExpirationSeconds }),
            );
        const delivered = deliveryDigest(role, annotations);
        const checks = live
            ? liveChecks({
                  ...{ name, args, checked, gate, role, annotations, serviceAccount },
                  ...{
                      oidcProviderArn: after(gate, oidcProviderArn),
                      region: after(gate, region),
                      delivered,
                      formerFieldManagers: formerFieldManagers(name, opts?.aliases),
                      parent: this,
                  },
              })
            : undefined;
        const done: pulumi.CustomResource[] = [...role.attachments];
        // With live checks the credential guard takes back what these two have written, in a safe order.
        const options = () => ({
            parent: this,
            dependsOn: resourcesAfter(checks?.planned() ?? gate, [...done]),
            // Without them the component's own option holds, which a plain false would override.
            ...(live ? { retainOnDelete: true } : {}),
        });
        if (checks !== undefined) {
            done.push(checks.credentialGuard(done));
        }

        // … and the annotation of the service account.
        let canary: Canary | undefined;
        if (args.delivery !== Delivery.External) {
            const patch = annotateServiceAccount(name, checked, serviceAccount, annotations, live, options());
            done.push(patch);
            canary = checks?.canary(done, uidOf(patch));
            done.push(...(canary === undefined ? [] : [canary]));
        }

        // Step 2: the pods restart, since the role reaches new pods only.
        if (args.delivery !== Delivery.External && args.rollout?.enabled !== false) {
            const { timeoutSeconds } = args.rollout ?? {};
            const { updateStrategy, carriedBefore } = canary ?? {};
            const maxNotReadyNodes = (live ? args.maxNotReadyNodes : undefined) ?? 0;
            const waiting = { timeoutSeconds, updateStrategy, carriedBefore, maxNotReadyNodes };
            done.push(rollOut(name, checked, serviceAccount.namespace, delivered, waiting, options()));
        }

        // Step 3: once every pod carries the role, the policy leaves the node roles.
        const detached = checks?.detachment(done);
        done.push(...(detached?.resources ?? []));

        this.roleArn = role.arn;
        this.roleName = role.name;
        this.policyArns = role.policyArns;
        this.serviceAccountAnnotations = annotations;
        this.ready = whenDone(role.arn, done);
        this.verifiedPods = detached?.verifiedPods ?? pulumi.output(0);
        this.detachedFrom = detached?.detachedFrom ?? pulumi.output<string[]>([]);
        this.remainingSteps = detached?.remainingSteps ?? pulumi.output(remainingWithoutLiveChecks(args));
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
function whenDone(value: pulumi.Output<string>, resources: pulumi.CustomResource[]): pulumi.Output<string> {
    return pulumi.all([value, ...resources.map(({ id }) => id)]).apply(([known]) => known as string);
}
