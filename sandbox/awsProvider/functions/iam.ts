import { explain, ifFound } from "../aws/errors";
import { map, string } from "../bridge/schema";
import { tagMap } from "../bridge/tags";
import { arn } from "../bridge/validators";
import { asString, ValueMap } from "../bridge/values";
import { Context } from "../resources/resourceType";
import { formatDate } from "../resources/iamRole";
import { ProviderFunction } from "./function";

/** terraform-provider-aws internal/service/iam/role_data_source.go. */
export const getRole: ProviderFunction = {
    token: "aws:iam/getRole:getRole",
    args: { name: string({ required: true }), tags: map() },
    async invoke({ aws }: Context, args: ValueMap): Promise<ValueMap> {
        const iam = await aws.iam();
        const name = asString(args["name"]) ?? "";
        const { Role: role } = await explain(`reading IAM Role (${name})`, iam.getRole({ RoleName: name }));
        const used = role?.RoleLastUsed;
        return {
            id: role?.RoleName ?? "",
            arn: role?.Arn ?? "",
            assumeRolePolicy: decodeURIComponent(role?.AssumeRolePolicyDocument ?? ""),
            createDate: formatDate(role?.CreateDate) ?? "",
            description: role?.Description ?? "",
            maxSessionDuration: role?.MaxSessionDuration ?? 0,
            name: role?.RoleName ?? "",
            path: role?.Path ?? "",
            permissionsBoundary: role?.PermissionsBoundary?.PermissionsBoundaryArn ?? "",
            roleLastUseds:
                used === undefined
                    ? []
                    : [{ lastUsedDate: formatDate(used.LastUsedDate) ?? "", region: used.Region ?? "" }],
            tags: tagMap(role?.Tags),
            uniqueId: role?.RoleId ?? "",
        };
    },
};

/** terraform-provider-aws internal/service/iam/openid_connect_provider_data_source.go. */
export const getOpenIdConnectProvider: ProviderFunction = {
    token: "aws:iam/getOpenIdConnectProvider:getOpenIdConnectProvider",
    args: { arn: string({ validate: arn }), tags: map(), url: string() },
    async invoke({ aws }: Context, args: ValueMap): Promise<ValueMap> {
        const iam = await aws.iam();
        const [givenArn, url] = [asString(args["arn"]), asString(args["url"])];
        if ((givenArn === undefined) === (url === undefined)) {
            throw new Error(`one of "arn" and "url" must be specified`);
        }
        const found = givenArn ?? (await arnByUrl(await listProviders({ aws }), url ?? ""));
        const provider = await explain(
            `reading IAM OIDC Provider (${found})`,
            iam.getOpenIDConnectProvider({ OpenIDConnectProviderArn: found }),
        );
        return {
            id: found,
            arn: found,
            clientIdLists: provider.ClientIDList ?? [],
            tags: tagMap(provider.Tags),
            thumbprintLists: provider.ThumbprintList ?? [],
            url: provider.Url ?? "",
        };
    },
};

async function listProviders({ aws }: Pick<Context, "aws">): Promise<string[]> {
    const iam = await aws.iam();
    const list = await explain("reading IAM OIDC Providers", ifFound(iam.listOpenIDConnectProviders({})));
    return (list?.OpenIDConnectProviderList ?? []).flatMap((entry) => entry.Arn ?? []);
}

/** The ARN ends in the URL without its scheme. */
function arnByUrl(arns: string[], url: string): Promise<string> {
    const suffix = url.replace(/^https:\/\//, "");
    const found = arns.find((candidate) => candidate.split(":oidc-provider/")[1] === suffix);
    return found === undefined
        ? Promise.reject(new Error(`finding IAM OIDC Provider by url (${url}): not found`))
        : Promise.resolve(found);
}
