import * as assert from "assert";
import * as fs from "fs";
import * as path from "path";
import { CreateAddonCommand, CreatePodIdentityAssociationCommand, EKSClient } from "@aws-sdk/client-eks";
import { KubernetesObject, KubernetesObjectApi, loadAllYaml } from "@kubernetes/client-node";
import type { Sandbox } from "local-eks";
import { loadKubeconfig } from "local-eks/kubernetes";
import { injectionGuardName } from "../../../components/live/injectionGuardName";
import { iamOf } from "./iam";

const RIGHTS = path.resolve(__dirname, "../../../docs/rights");

/** The files of docs/rights that each shape needs, as docs/least-rights.md lists them. */
export const MODES = {
    plain: ["iam-role.json", "kubernetes-plain.yaml"],
    liveChecks: [
        "iam-role.json",
        "iam-live-checks.json",
        "iam-proof.json",
        "kubernetes-plain.yaml",
        "kubernetes-live-checks.yaml",
    ],
    detachFromNodeRoles: [
        "iam-role.json",
        "iam-live-checks.json",
        "iam-proof.json",
        "iam-detachment.json",
        "kubernetes-plain.yaml",
        "kubernetes-live-checks.yaml",
        "kubernetes-injection-guard.yaml",
    ],
    addOnOfTheProgram: [
        "iam-role.json",
        "iam-live-checks.json",
        "iam-proof.json",
        "iam-detachment.json",
        "iam-add-on-of-the-program.json",
        "kubernetes-plain.yaml",
        "kubernetes-live-checks.yaml",
        "kubernetes-injection-guard.yaml",
    ],
    eksAddon: [
        "iam-role.json",
        "iam-live-checks.json",
        "iam-proof.json",
        "iam-detachment.json",
        "iam-add-on.json",
        "kubernetes-plain.yaml",
        "kubernetes-live-checks.yaml",
        "kubernetes-injection-guard.yaml",
    ],
    podIdentity: [
        "iam-role.json",
        "iam-live-checks.json",
        "iam-proof.json",
        "iam-detachment.json",
        "iam-pod-identity.json",
        "kubernetes-plain.yaml",
        "kubernetes-live-checks.yaml",
        "kubernetes-injection-guard.yaml",
    ],
} as const;

export interface Statement {
    Sid: string;
    Action: string | string[];
}

export interface PolicyDocument {
    Version: string;
    Statement: Statement[];
}

export interface RbacRule {
    apiGroups: string[];
    resources: string[];
    resourceNames?: string[];
    verbs: string[];
}

export interface RbacObject extends KubernetesObject {
    rules?: RbacRule[];
}

/** Replaces the names in the docs' example with those of the sandbox. */
function inSandbox(text: string, { clusterName }: Sandbox, fieldManager: string): string {
    return text
        .replaceAll("prod-nodes", "sandbox-nodes")
        .replaceAll(/\b(cluster|addon|podidentityassociation)\/prod\b/g, `$1/${clusterName}`)
        .replaceAll("eks-cni-network-prod-cni-a2047216", injectionGuardName(fieldManager));
}

/** The rights of these files, for a component with this field manager. */
export function rightsOf(files: readonly string[], sandbox: Sandbox, fieldManager: string) {
    const read = (file: string) => inSandbox(fs.readFileSync(path.join(RIGHTS, file), "utf8"), sandbox, fieldManager);
    return {
        iam: files
            .filter((file) => file.endsWith(".json"))
            .map((file) => ({ file, document: JSON.parse(read(file)) as PolicyDocument })),
        rbac: files.filter((file) => file.endsWith(".yaml")).flatMap((file) => loadAllYaml(read(file)) as RbacObject[]),
    };
}

/** Creates an IAM user, and binds the RBAC group, with exactly the rights of the files. */
export async function operatorWith(sandbox: Sandbox, { iam, rbac }: ReturnType<typeof rightsOf>) {
    const keys = await sandbox.createUser(
        "operator",
        iam.map(({ document }) => JSON.stringify(document)),
    );
    await bind(sandbox, rbac);
    return keys;
}

/** Creates or updates the RBAC roles and bindings. */
export async function bind({ kubeconfigPath }: Sandbox, objects: readonly RbacObject[]): Promise<void> {
    const api = KubernetesObjectApi.makeApiClient(loadKubeconfig(kubeconfigPath));
    for (const object of objects) {
        await api.patch(object, undefined, undefined, "docs", true, "application/apply-patch+yaml");
    }
}

export function actionsOf({ Statement }: PolicyDocument): string[] {
    return Statement.flatMap(({ Action }) => Action);
}

export function withoutAction(document: PolicyDocument, action: string): PolicyDocument {
    const Statement = document.Statement.map((statement) => ({
        ...statement,
        Action: [statement.Action].flat().filter((each) => each !== action),
    }));
    return { ...document, Statement: Statement.filter(({ Action }) => Action.length > 0) };
}

/** A verb and a resource with its group: `list daemonsets.apps`. */
export type RbacRight = string;

function rightsOfRule({ verbs, resources, apiGroups: [group = ""] }: RbacRule): { right: RbacRight; rule: string[] }[] {
    const full = (resource: string) => (group === "" ? resource : `${resource}.${group}`);
    return verbs.flatMap((verb) =>
        resources.map((resource) => ({ right: `${verb} ${full(resource)}`, rule: [verb, resource] })),
    );
}

export function rightsByVerb(objects: readonly RbacObject[]): RbacRight[] {
    const all = objects.flatMap(({ rules = [] }) => rules.flatMap(rightsOfRule).map(({ right }) => right));
    return [...new Set(all)].sort();
}

/** The same roles without one right, with one rule for each remaining verb and resource. */
export function withoutRight(objects: readonly RbacObject[], missing: RbacRight): RbacObject[] {
    return objects.map((object) =>
        object.rules === undefined
            ? object
            : {
                  ...object,
                  rules: object.rules.flatMap((rule) =>
                      rightsOfRule(rule)
                          .filter(({ right }) => right !== missing)
                          .map(({ rule: [verb = "", resource = ""] }) => ({
                              ...rule,
                              verbs: [verb],
                              resources: [resource],
                          })),
                  ),
              },
    );
}

/** The RBAC authorizer reads from caches, which take a moment to see a change. */
export async function eventually(holds: () => Promise<boolean>): Promise<void> {
    for (let attempt = 0; attempt < 50; attempt += 1) {
        if (await holds()) {
            return;
        }
        await new Promise((resolve) => setTimeout(resolve, 100));
    }
    assert.fail("not within five seconds");
}

/** Creates an add-on, whose changes take no time, and a Pod Identity association, so that the calls that read them find something. */
export async function createAddOnAndAssociation(sandbox: Sandbox): Promise<void> {
    await sandbox.addOn.setBehavior({ seconds: 0 });
    const { awsEndpoint: endpoint, region, clusterName } = sandbox;
    const eks = new EKSClient({ endpoint, region, credentials: { accessKeyId: "test", secretAccessKey: "test" } });
    await eks.send(new CreateAddonCommand({ clusterName, addonName: "vpc-cni" }));
    const pods = { Service: "pods.eks.amazonaws.com" };
    const Statement = [{ Effect: "Allow", Principal: pods, Action: ["sts:AssumeRole", "sts:TagSession"] }];
    const { Arn: roleArn } = await iamOf(sandbox).createRole("pods", { Version: "2012-10-17", Statement }, []);
    const association = { namespace: "kube-system", serviceAccount: "aws-node", roleArn };
    await eks.send(new CreatePodIdentityAssociationCommand({ clusterName, ...association }));
}
