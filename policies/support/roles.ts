import { parsePolicyArn, parseRoleArn } from "../../documents/arn";
import { cniGrants } from "../../documents/cniGrants";
import { isOfComponent, ofType, programValue, type StackResource } from "./stack";
import type { Account } from "./account";
import { isEc2, isForPodsOf, servicesOf, subjectsOf, trustOf } from "./trust";
import { at, documentOf, listOf, UNKNOWN } from "./values";

/** A role that the stack creates, or one that it only names. */
export interface Role {
    readonly urn: string | undefined;
    readonly name: unknown;
    readonly props: Readonly<Record<string, unknown>>;
}

/** A permission policy of a role, with the resource that attaches it. */
export interface RolePolicy {
    readonly attachedBy: StackResource;
    /** Whether it is AmazonEKS_CNI_Policy, in any partition. */
    readonly managedCni: boolean;
    readonly arn: unknown;
    /** The policy document, if the stack contains it. */
    readonly document: unknown;
}

export const ROLE = "aws:iam/role:Role";
export const NODE_GROUP = "aws:eks/nodeGroup:NodeGroup";

export function rolesOf(stack: readonly StackResource[]): Role[] {
    return ofType(stack, ROLE).map(({ urn, props }) => ({ urn, name: props["name"], props }));
}

/** The roles of EC2 instances and of node groups. Roles of node groups count even if the stack does not create them. */
export function nodeRolesOf(stack: readonly StackResource[]): Role[] {
    const groups = ofType(stack, NODE_GROUP);
    const made = rolesOf(stack);
    const named = groups.flatMap(({ props }) => {
        const arn = props["nodeRoleArn"];
        const name = typeof arn === "string" ? parseRoleArn(arn)?.name : undefined;
        return name === undefined || made.some((role) => role.name === name) ? [] : [name];
    });
    return [
        ...made.filter(
            (role) =>
                trustsEc2(role) || groups.some((group) => refersToRole(group, "nodeRoleArn", [role]) !== undefined),
        ),
        ...[...new Set(named)].map((name) => ({ urn: undefined, name, props: {} })),
    ];
}

function trustsEc2({ props }: Role): boolean {
    const trust = trustOf(props["assumeRolePolicy"]);
    return trust !== UNKNOWN && servicesOf(trust).some(isEc2);
}

/**
 * The roles for the CNI: roles whose trust policy names its service account, and roles that have its permissions
 * and no others. A role with broader permissions, or of a node, is not one.
 */
export function cniRolesOf(stack: readonly StackResource[], account: Account): Role[] {
    const nodes = new Set(nodeRolesOf(stack).map(({ urn }) => urn));
    return rolesOf(stack).filter((role) => {
        const trust = trustOf(role.props["assumeRolePolicy"]);
        const trusted =
            trust !== UNKNOWN &&
            (subjectsOf(trust).some((subject) => subject.endsWith(`:${account.full}`)) ||
                trust.some((statement) => isForPodsOf(account, statement)));
        return trusted || (!nodes.has(role.urn) && policiesOf(role, stack).some(isCniPolicy));
    });
}

function isCniPolicy({ managedCni, document }: RolePolicy): boolean {
    return managedCni || (["ipv4", "ipv6"] as const).some((family) => isSufficientAlone(document, family));
}

function isSufficientAlone(document: unknown, family: "ipv4" | "ipv6"): boolean {
    const { sufficient, broad } = cniGrants(document, family);
    return sufficient && !broad;
}

/** The first role that a property refers to: by name or ARN, or by its property dependencies while the value is not known. */
export function refersToRole(by: StackResource, property: string, roles: readonly Role[]): Role | undefined {
    const from = by.propertyDependencies[property] ?? [];
    return roles.find((role) =>
        listOf(by.props[property]).some((value) =>
            value === UNKNOWN || typeof role.name !== "string"
                ? from.includes(role.urn ?? "")
                : value === role.name || (typeof value === "string" && parseRoleArn(value)?.name === role.name),
        ),
    );
}

/** Whether a component of the stack hands a role over: detachFromNodeRoles lists it. */
export function handedOverIn(stack: readonly StackResource[]): (role: Role) => boolean {
    const components = stack.filter(
        ({ urn, props }) => isOfComponent(urn) && listOf(props["detachFromNodeRoles"]).length > 0,
    );
    return (role) => components.some((child) => refersToRole(child, "detachFromNodeRoles", [role]) !== undefined);
}

/** All permission policies of a role that the stack contains. */
export function policiesOf(role: Role, stack: readonly StackResource[]): RolePolicy[] {
    const own = stack.find(({ urn, type }) => type === ROLE && urn === role.urn);
    const given = (type: string, roleProperty: string) =>
        ofType(stack, type).filter((by) => refersToRole(by, roleProperty, [role]) !== undefined);
    const managed = (by: StackResource, property: string) =>
        listOf(programValue(by, property)).map((arn) => managedPolicy(by, property, arn, stack));
    return [
        ...given("aws:iam/rolePolicyAttachment:RolePolicyAttachment", "role").flatMap((by) => managed(by, "policyArn")),
        ...given("aws:iam/policyAttachment:PolicyAttachment", "roles").flatMap((by) => managed(by, "policyArn")),
        ...given("aws:iam/rolePolicyAttachmentsExclusive:RolePolicyAttachmentsExclusive", "roleName").flatMap((by) =>
            managed(by, "policyArns"),
        ),
        ...given("aws:iam/rolePolicy:RolePolicy", "role").map((by) => inline(by, by.props["policy"])),
        ...(own === undefined
            ? []
            : [
                  ...managed(own, "managedPolicyArns"),
                  ...listOf(programValue(own, "inlinePolicies")).map((policy) => inline(own, at(policy, "policy"))),
              ]),
    ];
}

function inline(by: StackResource, policy: unknown): RolePolicy {
    return { attachedBy: by, managedCni: false, arn: undefined, document: documentOf(policy) };
}

function managedPolicy(by: StackResource, property: string, arn: unknown, stack: readonly StackResource[]): RolePolicy {
    const { owner, name } = (typeof arn === "string" ? parsePolicyArn(arn) : undefined) ?? {};
    const from = by.propertyDependencies[property] ?? [];
    const policy = ofType(stack, "aws:iam/policy:Policy").find(({ urn, props }) =>
        typeof arn === "string"
            ? props["arn"] === arn || (props["arn"] === UNKNOWN && props["name"] === name)
            : from.includes(urn),
    );
    return {
        attachedBy: by,
        managedCni: owner === "aws" && name === "AmazonEKS_CNI_Policy",
        arn,
        document: documentOf(policy?.props["policy"]),
    };
}
