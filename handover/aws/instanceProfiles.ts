import { memoizeByKey } from "../async/memoize";
import type { Clients } from "./awsClients";
import { undefinedIfMissing } from "./policyReader";

/** The role of an instance profile, by the profile's ARN. A profile has at most one. It is read once per run. */
export function roleOfProfile(clients: Clients): (arn: string) => Promise<string | undefined> {
    return memoizeByKey((arn) => readRole(clients, arn));
}

async function readRole(clients: Clients, arn: string): Promise<string | undefined> {
    const { GetInstanceProfileCommand } = await import("./awsSdk");
    const InstanceProfileName = arn.slice(arn.lastIndexOf("/") + 1);
    const command = new GetInstanceProfileCommand({ InstanceProfileName });
    const answer = await undefinedIfMissing(async () => (await clients.iam()).send(command));
    return answer?.InstanceProfile?.Roles?.[0]?.RoleName;
}

/** The ARNs of the instance profiles with this role. There may be several. */
export async function profilesOfRole(clients: Clients, RoleName: string): Promise<string[]> {
    const { paginateListInstanceProfilesForRole } = await import("./awsSdk");
    const client = await clients.iam();
    const arns = await undefinedIfMissing(async () => {
        const found: string[] = [];
        for await (const { InstanceProfiles = [] } of paginateListInstanceProfilesForRole({ client }, { RoleName })) {
            found.push(...InstanceProfiles.flatMap(({ Arn }) => Arn ?? []));
        }
        return found;
    });
    return arns ?? [];
}
