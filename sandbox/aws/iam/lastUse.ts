import type { AwsResponse } from "../protocol";
import type { IamState } from "./state";

/**
 * Where IAM saw roles used last, in GetRole's RoleLastUsed (https://docs.aws.amazon.com/IAM/latest/APIReference/API_RoleLastUsed.html).
 *
 * It does not come from calls: IAM shows recent activity "usually within four hours"
 * (https://docs.aws.amazon.com/IAM/latest/APIReference/API_GenerateServiceLastAccessedDetails.html), and a sandbox lives for minutes.
 */
export class LastUse {
    /** By the role's id: a new role of the same name has never been used. */
    private readonly regions = new Map<string, string>();

    set(state: IamState, roleName: string, region: string): void {
        const role = state.roles[roleName];
        if (!role) {
            throw new Error(`There is no role ${roleName}`);
        }
        this.regions.set(role.id, region);
    }

    clear(): void {
        this.regions.clear();
    }

    /** Adds it to an answer of GetRole. moto knows no region. */
    addTo(answer: AwsResponse, state: IamState): AwsResponse {
        const body = answer.body.toString();
        const role = Object.values(state.roles).find(({ id }) => body.includes(`<RoleId>${id}</RoleId>`));
        const region = this.regions.get(role?.id ?? "");
        if (region === undefined) {
            return answer;
        }
        const used = `<RoleLastUsed><LastUsedDate>${new Date().toISOString()}</LastUsedDate><Region>${region}</Region></RoleLastUsed>`;
        const without = body.replace(/<RoleLastUsed>.*?<\/RoleLastUsed>|<RoleLastUsed ?\/>/s, "");
        return { ...answer, body: without.replace("</Role>", `${used}</Role>`) };
    }
}
