import { parseRoleArn } from "../../documents/arn";
import { missingActions } from "../../documents/cniGrants";
import type { PolicyRead } from "../../documents/nodeBoot";
import { isAboutAction, readStatements } from "../../documents/policyStatements";
import { EXCLUDING_TAG, settingActions } from "../../documents/settingActions";
import type { SettingGap, SettingGapRequest } from "../model/settingGap";
import { isRefusal } from "../model/refusal";
import type { Clients } from "./awsClients";
import { policyReader, readPolicies, undefinedIfMissing } from "./policyReader";
import { rolePolicies } from "./rolePolicies";

/** Undefined if the role grants all that the plugin's settings make it call. Calls nothing on IPv4. */
export async function settingGap(clients: Clients, request: SettingGapRequest): Promise<SettingGap | undefined> {
    const { ipFamily, settings, subnetIds } = request;
    const excluded = ipFamily === "ipv4" ? [] : await excludedSubnets(clients, subnetIds);
    const needed = settingActions(ipFamily, settings, excluded);
    if (needed === undefined) {
        return undefined;
    }
    const { actions, reasons } = needed;
    try {
        const { policies, boundary } = await policiesOf(clients, request);
        const held = missingActions(
            policies.map(({ document }) => document),
            actions,
        );
        const bounded = boundary === undefined ? [] : missingActions([boundary.document], actions);
        const missing = actions.map(({ action }) => action).filter((one) => [...held, ...bounded].includes(one));
        const overruling = [
            ...policies.filter(({ document }) => denies(document, missing)).map(({ name }) => `${name} denies it`),
            ...(bounded.length === 0 ? [] : [`the permissions boundary ${boundary?.name ?? ""} does not grant it`]),
        ];
        return missing.length === 0 ? undefined : { reasons, missing, ...(overruling.length > 0 && { overruling }) };
    } catch (error) {
        if (!isRefusal(error, "aws-access-denied")) {
            throw error;
        }
        return { reasons, missing: actions.map(({ action }) => action), unread: error.seen };
    }
}

function denies(document: unknown, actions: readonly string[]): boolean {
    return readStatements(document).some(
        (statement) => statement.effect === "Deny" && actions.some((action) => isAboutAction(statement, action)),
    );
}

interface RolePoliciesRead {
    readonly policies: readonly PolicyRead[];
    readonly boundary?: PolicyRead;
}

/** A role that does not exist grants nothing. */
async function policiesOf(
    clients: Clients,
    { roleArn, policyArns = [] }: SettingGapRequest,
): Promise<RolePoliciesRead> {
    const { name: RoleName = "" } = parseRoleArn(roleArn) ?? {};
    const { GetRoleCommand } = await import("./awsSdk");
    const client = await clients.iam();
    const reader = policyReader(clients);
    const role = await undefinedIfMissing(async () => (await client.send(new GetRoleCommand({ RoleName }))).Role);
    if (role === undefined) {
        return { policies: [] };
    }
    const found = policyArns.length > 0 ? { arns: policyArns, inline: [] } : await rolePolicies(client, RoleName);
    const { attached, inline } = await readPolicies(reader, RoleName, found);
    const boundary = role.PermissionsBoundary?.PermissionsBoundaryArn;
    return {
        policies: [...attached, ...inline],
        ...(boundary !== undefined && { boundary: await reader.read(boundary) }),
    };
}

/**
 * Those of the subnets that are excluded by their tag. None if the caller may not read subnets, which no other call needs.
 *
 * A subnet of another cluster (CLUSTER_NAME) is excluded too, and counts as not excluded here.
 */
async function excludedSubnets(clients: Clients, subnetIds: readonly string[]): Promise<string[]> {
    const { paginateDescribeSubnets } = await import("./awsSdk");
    const client = await clients.ec2();
    const Filters = [{ Name: `tag:${EXCLUDING_TAG.key}`, Values: [EXCLUDING_TAG.value] }];
    const excluded: string[] = [];
    try {
        for await (const { Subnets = [] } of paginateDescribeSubnets({ client }, { Filters })) {
            excluded.push(...Subnets.flatMap(({ SubnetId }) => SubnetId ?? []));
        }
    } catch (error) {
        if (!isRefusal(error, "aws-access-denied")) {
            throw error;
        }
    }
    return excluded.filter((id) => subnetIds.includes(id)).sort();
}
