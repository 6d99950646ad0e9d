/** The Pulumi program of the scenarios, in its own folder, with the package installed as users install it. */
import { cpSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";

const repository = resolve(__dirname, "../../..");

/**
 * The component's arguments, passed on unchecked. Two are separate: `component` has `name` and `aliases` of the component, in `parent`
 * the name of a component that becomes its parent, in `deletedWith` the document of a policy that becomes its option of this name, in `kubeconfig` that of a Kubernetes provider of its own, and with
 * `absent` there is none. `ownProvider` is the URL of an OIDC provider that the program creates, whose ARN becomes the argument
 * `oidcProviderArn`; `ownRole` is the trust policy of a role with the CNI policy, whose ARN becomes `existingRoleArn`.
 */
export type ComponentArguments = Readonly<Record<string, unknown>>;

const INDEX = `
const { readFileSync } = require("fs");
const { CniServiceAccountRole } = require("eks-cni");
const { OpenIdConnectProvider, Policy, Role, RolePolicyAttachment } = require("@pulumi/aws/iam");
const { Provider } = require("@pulumi/kubernetes");
const { ComponentResource, rootStackResource } = require("@pulumi/pulumi");

const { component = {}, ownProvider: url, ownRole, ...args } = JSON.parse(readFileSync(__dirname + "/arguments.json", "utf8"));
if (url !== undefined) {
    args.oidcProviderArn = new OpenIdConnectProvider("issuer", { url, clientIdLists: ["sts.amazonaws.com"] }).arn;
}
if (ownRole !== undefined) {
    const role = new Role("of-the-program", { name: "of-the-program", assumeRolePolicy: ownRole });
    new RolePolicyAttachment("of-the-program", { role: role.name, policyArn: "arn:aws:iam::aws:policy/AmazonEKS_CNI_Policy" });
    args.existingRoleArn = role.arn;
}
const options = { aliases: component.aliases };
if (component.parent !== undefined) {
    options.parent = new ComponentResource("continuity:index:Network", component.parent);
    options.aliases = component.withAlias ? [{ parent: rootStackResource }] : [];
}
if (component.deletedWith !== undefined) {
    options.deletedWith = new Policy("other", { policy: component.deletedWith });
}
if (component.kubeconfig !== undefined) {
    options.providers = { kubernetes: new Provider("own", { kubeconfig: component.kubeconfig }) };
}
const cni = component.absent ? {} : new CniServiceAccountRole(component.name ?? "cni", args, options);
exports.roleArn = cni.roleArn;
exports.roleName = cni.roleName;
exports.ready = cni.ready;
exports.verifiedPods = cni.verifiedPods;
exports.detachedFrom = cni.detachedFrom;
exports.remainingSteps = cni.remainingSteps;
`;

/** Copies the package, so that a later build does not change a run in progress. */
export function copyPackage(to: string): void {
    mkdirSync(to, { recursive: true });
    for (const part of ["dist", "package.json", "PulumiPlugin.yaml"]) {
        cpSync(join(repository, part), join(to, part), { recursive: true });
    }
    symlinkSync(join(repository, "node_modules"), join(to, "node_modules"));
}

export class Program {
    public constructor(
        public readonly directory: string,
        packageFolder: string,
    ) {
        const modules = join(directory, "node_modules");
        mkdirSync(modules, { recursive: true });
        const installed = readdirSync(join(repository, "node_modules")).filter((name) => !/^\.|^eks-cni$/.test(name));
        installed.forEach((name) => symlinkSync(join(repository, "node_modules", name), join(modules, name)));
        symlinkSync(packageFolder, join(modules, "eks-cni"));
        const project = { name: "continuity", runtime: "nodejs", main: "index.js" };
        writeFileSync(join(directory, "Pulumi.yaml"), JSON.stringify(project));
        writeFileSync(join(directory, "package.json"), JSON.stringify({ name: "continuity", private: true }));
        writeFileSync(join(directory, "index.js"), INDEX);
    }

    public use(args: ComponentArguments): void {
        writeFileSync(join(this.directory, "arguments.json"), JSON.stringify(args, undefined, 2));
    }
}
