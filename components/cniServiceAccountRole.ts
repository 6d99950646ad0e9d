import type { ServiceAccountPatch } from "@pulumi/kubernetes/core/v1";
import * as pulumi from "@pulumi/pulumi";
import { serviceAccountAnnotations } from "../documents/serviceAccountAnnotations";
import { ServiceAccountName } from "../documents/trustPolicy";
import { DEFAULT_SERVICE_ACCOUNT } from "./arguments/defaults";
import { warnOfTimeouts } from "./arguments/timeoutWarnings";
import { after, resourcesAfter, ValidArgs, validArgs } from "./arguments/validArgs";
import { Gate, validateLate, validateNow } from "./arguments/validateArguments";
import { CniServiceAccountRoleArgs } from "./cniServiceAccountRoleArgs";
import { associate } from "./delivery/association";
import { formerFieldManagers } from "./delivery/formerFieldManagers";
import { daemonSetNameOf, deliveryDigest, noteRollout, rollOut } from "./delivery/rollout";
import { watchProvider } from "./delivery/replacedProvider";
import { annotateServiceAccount } from "./delivery/serviceAccountPatch";
import { refuseWhileDetached } from "./delivery/withoutLiveChecks";
import { bothHooks } from "./failures/namedHooks";
import { associationTrigger } from "./live/associationTrigger";
import { unlessUntried } from "./live/canaryLeftOut";
import { freeBeforeCreate } from "./live/freeServiceAccount";
import {
    createAddOnRole,
    createCanary,
    createCredentialGuard,
    createDetachment,
    emergencyLine,
    type Guard,
    recordedInputs,
} from "./live/liveChecks";
import { withSecrets } from "./live/liveConnection";
import type { LiveContext } from "./live/liveContext";
import { ownNodeRoles } from "./live/ownNodeRoles";
import { refuseNarrowing } from "./live/refuseNarrowing";
import { remainingWithoutLiveChecks } from "./live/remainingWithoutLiveChecks";
import { refuseUnsafeStack } from "./live/stackRules";
import { resolveCluster } from "./role/cluster";
import { CniRole, createRole, existingRole } from "./role/cniRole";
import { shapeOf } from "./shape";

/** The type token of the component in a stack's state. */
export const CNI_SERVICE_ACCOUNT_ROLE_TYPE = "eks-cni:index:CniServiceAccountRole";

/**
 * Moves the Amazon VPC CNI plugin (`kube-system/aws-node`) of an EKS cluster from the node role to an IAM role of its own.
 *
 * The hand-over creates the CNI role, proves that a token of the service account can use it, and annotates the service account.
 * It restarts one pod for each combination of node role, subnet and security groups first (the canaries), then the others in
 * waves, and verifies that every pod carries the role. With `detachFromNodeRoles`, it then detaches the CNI policy from the node
 * roles. On destroy, the hand-back attaches the policy again and moves the pods back to their former credentials, and the CNI
 * role is deleted last. Each step starts only after the live cluster has shown that the step before it worked. With
 * `liveChecks: false`, the component only creates the role, annotates the service account and restarts the pods, by the
 * DaemonSet's rolling update.
 *
 * Source: https://docs.aws.amazon.com/eks/latest/userguide/cni-iam-role.html
 */
export class CniServiceAccountRole extends pulumi.ComponentResource {
    /**
     * The ARN of the role that the component created or that was given as `existingRoleArn`.
     *
     * It is known as soon as the role exists, before anything uses the role.
     */
    public readonly roleArn: pulumi.Output<string>;
    /**
     * The name of the role, without its path.
     */
    public readonly roleName: pulumi.Output<string>;
    /**
     * The ARNs of the managed policies that the component attached to the role.
     *
     * The first is the CNI policy, followed by `additionalPolicyArns`. Empty with `existingRoleArn`.
     */
    public readonly policyArns: pulumi.Output<string[]>;
    /**
     * The annotations that give the role to the service account.
     *
     * With the delivery `external`, the owner of the service account sets them, once `provedRoleArn` is known. Empty with the delivery
     * `podIdentity`.
     */
    public readonly serviceAccountAnnotations: pulumi.Output<{ [key: string]: string }>;
    /**
     * The ARN of the role, once a proof has shown that a token of the service account can use it.
     *
     * With the delivery `external`, a resource of the same program that delivers the role takes this output, for example an `aws.eks.Addon` as its
     * `serviceAccountRoleArn`. That resource must not take `ready`: the component waits for the resource before any pod restarts, and `ready` is
     * known last. With the delivery `eksAddon`, an `aws.eks.Addon` takes `ready`. Without live checks, `provedRoleArn` is known once the policies
     * are attached.
     *
     * In YAML, Python and Go, every output is known only once the component has finished.
     */
    public readonly provedRoleArn: pulumi.Output<string>;
    /**
     * The ARN of the role, once the component has finished.
     *
     * By then the policies are attached, the service account is annotated, and every pod that had to restart has done so. With
     * live checks, every pod was also verified to carry the role, and the CNI policy is detached from the node roles in
     * `detachFromNodeRoles`. Resources that need a working CNI, such as node groups, should depend on it.
     */
    public readonly ready: pulumi.Output<string>;
    /**
     * The number of pods that the live checks verified to carry the role.
     *
     * 0 without live checks.
     */
    public readonly verifiedPods: pulumi.Output<number>;
    /**
     * The names of the node roles from which the CNI policy is detached.
     *
     * Empty without `detachFromNodeRoles`.
     */
    public readonly detachedFrom: pulumi.Output<string[]>;
    /**
     * The steps of the EKS user guide's page that remain, and why.
     *
     * Each entry starts with a code in brackets, for example `[detach] Node roles that held the CNI policy still hold it.` Empty
     * when no step remains.
     */
    public readonly remainingSteps: pulumi.Output<string[]>;
    /**
     * One line for a shell that lets `aws-node` pods run without the role, while the pod identity webhook is down.
     *
     * It attaches the policies to the node roles again, waits two minutes, and deletes the binding of the injection guard. `pulumi up --refresh`
     * undoes it. Empty without the injection guard, or if `detachFromNodeRoles` lists no node role.
     */
    public readonly emergencyCommand: pulumi.Output<string>;

    /**
     * @param name The component's name in the stack. The names of its children start with it.
     * @param args The cluster, and what to create for it.
     * @param opts Pulumi's resource options. Providers, aliases and other options also apply to the children.
     * @throws InputPropertiesError that lists every invalid argument, before anything is created.
     */
    constructor(name: string, args: CniServiceAccountRoleArgs, opts?: pulumi.ComponentResourceOptions) {
        // The component creates nothing from arguments that contradict IAM, Kubernetes, each other or the cluster.
        const given = withSecrets(validateNow(name, args));
        const shape = shapeOf(args);
        const watch = shape.liveChecks
            ? undefined
            : watchProvider({ ...opts, hooks: bothHooks(refuseWhileDetached(shape), opts?.hooks) });
        super(CNI_SERVICE_ACCOUNT_ROLE_TYPE, name, { ...given, ...watch?.inputs }, watch?.opts ?? opts);
        if (shape.liveChecks) {
            refuseUnsafeStack(this, name, args, shape);
            warnOfTimeouts(this, args);
        }
        const cluster = resolveCluster(this, name, args, validateLate(this, name, args));
        const { gate, podIdentity } = cluster;
        const valid = validArgs(args, gate);
        const oidcProviderArn = after(gate, cluster.oidcProviderArn);
        const serviceAccount = serviceAccountOf(valid);

        // Step 1 of the EKS user guide's page: the role with its trust policy and its permissions.
        const role = shape.role
            ? createRole({
                  name,
                  args: valid,
                  gate,
                  ipv6Policy: shape.ipv6Policy,
                  additionalPolicies: args.additionalPolicyArns ?? [],
                  oidcProviderArn,
                  clusterArn: podIdentity && after(gate, podIdentity.arn),
                  serviceAccount,
                  ...(shape.liveChecks && {
                      live: refuseNarrowing({
                          roleName: valid.roleName,
                          oidcProviderArn,
                          serviceAccount,
                          parent: this,
                      }),
                  }),
                  parent: this,
              })
            : existingRole(valid.existingRoleArn as pulumi.Output<string>);
        const annotations = shape.association ? pulumi.output<Record<string, string>>({}) : annotationsOf(role, valid);
        const delivered = deliveryDigest(role, annotations, args.delivery);
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
                  podIdentity,
                  region: after(gate, cluster.region),
                  delivered,
                  ownNodeRoles: ownNodeRoles(args.detachFromNodeRoles),
                  formerFieldManagers: formerFieldManagers(name, opts?.aliases),
                  parent: this,
              }
            : undefined;
        // Each resource depends on all resources before it.
        const created: pulumi.CustomResource[] = [...role.attachments];
        const guard = live && createCredentialGuard(live, created);
        created.push(...present(guard?.resource));
        const proved = [...created];
        const patchOptions = (opens: Gate) => ({
            parent: this,
            dependsOn: resourcesAfter(opens, created),
            // The credential guard removes the patched fields in a safe order. Without the guard, the option of the component
            // applies, which an explicit false would override.
            ...(guard && { retainOnDelete: true }),
            hooks: watch?.hooks ?? {},
        });

        // Step 1, continued: the annotation of the service account, or its association. With live checks, the canary then restarts the pods, a few of them first.
        const patch = shape.serviceAccountPatch
            ? annotateServiceAccount(name, valid, serviceAccount, annotations, shape, patchOptions(guard?.gate ?? gate))
            : undefined;
        created.push(...present(patch));
        const association = shape.association
            ? associate(
                  name,
                  {
                      clusterName: valid.clusterName,
                      serviceAccount,
                      roleArn: guard ? afterGuard(guard, role.arn) : role.arn,
                  },
                  {
                      ...patchOptions(guard?.gate ?? gate),
                      ...(live &&
                          guard && {
                              replacementTrigger: associationTrigger(live),
                              hooks: freeBeforeCreate(recordedInputs(live, guard), guard.former, this),
                          }),
                  },
              )
            : undefined;
        created.push(...present(association));
        const made = {
            serviceAccountUid: patch ? uidOf(patch) : pulumi.output(""),
            associationId: association?.associationId,
        };
        const canary = live && guard && createCanary(live, guard, made, created);
        created.push(...present(canary));
        const tried = guard && canary ? unlessUntried(guard.gate, guard.resource, canary) : gate;

        // Step 2: the pods restart, because only new pods get the role. With live checks, the canary has restarted them.
        if (shape.daemonSetPatch) {
            const { namespace } = serviceAccount;
            created.push(
                live
                    ? noteRollout(name, valid, namespace, delivered, patchOptions(tried))
                    : rollOut(name, valid, namespace, delivered, args.rollout?.timeoutSeconds, patchOptions(tried)),
            );
        }

        const addOnRole = live && guard && canary && createAddOnRole(live, guard, canary, created);
        created.push(...present(addOnRole));

        // Step 3: once every pod carries the role, the injection guard refuses new pods without it, and the policy is detached from the
        // node roles.
        const detached = live && guard && canary && createDetachment(live, guard, { canary, addOnRole }, created);
        created.push(...present(detached?.resource));

        this.roleArn = role.arn;
        this.roleName = role.name;
        this.policyArns = role.policyArns;
        this.serviceAccountAnnotations = annotations;
        this.provedRoleArn = onceCreated(guard ? afterGuard(guard, role.arn) : role.arn, proved);
        this.ready = onceCreated(role.arn, created);
        this.verifiedPods = detached?.verifiedPods ?? pulumi.output(0);
        this.detachedFrom = detached?.detachedFrom ?? pulumi.output<string[]>([]);
        this.remainingSteps =
            detached?.remainingSteps ??
            pulumi
                .all([serviceAccount.namespace, daemonSetNameOf(valid)])
                .apply(([namespace, daemonSetName]) => remainingWithoutLiveChecks(shape, { namespace, daemonSetName }));
        this.emergencyCommand = live && guard && shape.injectionGuard ? emergencyLine(live, guard) : pulumi.output("");
        this.registerOutputs({
            roleArn: this.roleArn,
            roleName: this.roleName,
            policyArns: this.policyArns,
            serviceAccountAnnotations: this.serviceAccountAnnotations,
            provedRoleArn: this.provedRoleArn,
            ready: this.ready,
            verifiedPods: this.verifiedPods,
            detachedFrom: this.detachedFrom,
            remainingSteps: this.remainingSteps,
            emergencyCommand: this.emergencyCommand,
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
    // Each part is an Output of its own, so that an unknown part does not make the other one unknown.
    return pulumi.output({
        namespace: orDefault(serviceAccount?.namespace, DEFAULT_SERVICE_ACCOUNT.namespace),
        name: orDefault(serviceAccount?.name, DEFAULT_SERVICE_ACCOUNT.name),
    });
}

function orDefault(value: pulumi.Output<string | undefined> | undefined, otherwise: string): pulumi.Output<string> {
    return value?.apply((known) => known ?? otherwise) ?? pulumi.output(otherwise);
}

/** The live checks compare the UID to detect another cluster. Unit-test mocks return none. */
function uidOf({ metadata }: ServiceAccountPatch): pulumi.Output<string> {
    return metadata.apply((known) => (known as { uid?: string } | undefined)?.uid ?? "");
}

/** A role that the credential guard has not approved is delivered to no writer: the run may have left the guard out. */
function afterGuard({ gate }: Guard, arn: pulumi.Output<string>): pulumi.Output<string> {
    return after(gate, arn);
}

/** The value, once the resources exist. In a preview too, their IDs are unknown until then. */
function onceCreated(value: pulumi.Output<string>, resources: pulumi.CustomResource[]): pulumi.Output<string> {
    return pulumi.all([value, ...resources.map(({ id }) => id)]).apply(([known]) => known as string);
}
