import type { IAM } from "@aws-sdk/client-iam";
import { explain, ifFound } from "../aws/errors";
import { output, Schema, string, strings, tagProperties } from "../bridge/schema";
import { tagChange, tagMap, tagPairs, tagState } from "../bridge/tags";
import { length } from "../bridge/validators";
import { asString, asStringMap, asStrings, Value, ValueMap } from "../bridge/values";
import { Change, Context, ResourceType } from "./resourceType";

/** terraform-provider-aws internal/service/iam/openid_connect_provider.go. */
const schema: Schema = {
    arn: output(),
    clientIdLists: {
        ...strings("set", { required: true }),
        element: string({ validate: length(1, 255) }),
    },
    ...tagProperties,
    thumbprintLists: {
        ...strings("list", { computed: true }),
        element: string({ validate: length(40, 40) }),
    },
    url: string({ required: true, forceNew: true, validate: validUrl, equivalent: sameUrl }),
};

export const openIdConnectProvider: ResourceType = {
    token: "aws:iam/openIdConnectProvider:OpenIdConnectProvider",
    label: "IAM OIDC Provider",
    schema,
    create,
    read,
    update,
    delete: async (context, id) => {
        const iam = await context.aws.iam();
        await explain(
            `deleting IAM OIDC Provider (${id})`,
            ifFound(iam.deleteOpenIDConnectProvider({ OpenIDConnectProviderArn: id })),
        );
    },
};

/** internal/service/iam/validate.go, validOpenIDURL. */
function validUrl(value: Value): string | undefined {
    if (typeof value !== "string" || !URL.canParse(value)) {
        return `"url" has to be a valid URL`;
    }
    const url = new URL(value);
    if (url.protocol !== "https:") {
        return `"url" has to use HTTPS scheme (i.e. begin with https://)`;
    }
    return url.search === "" ? undefined : `"url" cannot contain query parameters per the OIDC standard`;
}

/** IAM returns the URL without its scheme (internal/service/iam/diff.go, suppressOpenIDURL). */
function sameUrl(old: Value, now: Value): boolean {
    const bare = (value: Value): Value => (typeof value === "string" ? value.replace(/^https:\/\//, "") : value);
    return bare(old) === bare(now);
}

async function create(context: Context, inputs: ValueMap, created: (id: string) => void): Promise<void> {
    const iam = await context.aws.iam();
    const tags = tagPairs(asStringMap(inputs["tagsAll"]));
    const thumbprints = asStrings(inputs["thumbprintLists"]);
    const made = await explain(
        "creating IAM OIDC Provider",
        iam.createOpenIDConnectProvider({
            ClientIDList: asStrings(inputs["clientIdLists"]),
            Url: asString(inputs["url"]),
            ...(thumbprints.length > 0 ? { ThumbprintList: thumbprints } : {}),
            ...(tags.length > 0 ? { Tags: tags } : {}),
        }),
    );
    created(made.OpenIDConnectProviderArn ?? "");
}

async function read(context: Context, id: string, prior: ValueMap | undefined): Promise<ValueMap | undefined> {
    const iam = await context.aws.iam();
    const actual = await ifFound(iam.getOpenIDConnectProvider({ OpenIDConnectProviderArn: id }));
    if (actual === undefined) {
        return undefined;
    }
    return {
        arn: id,
        clientIdLists: actual.ClientIDList ?? [],
        thumbprintLists: actual.ThumbprintList ?? [],
        url: actual.Url ?? "",
        ...tagState(tagMap(actual.Tags), context.config.defaultTags, prior?.["tags"]),
    };
}

async function update(context: Context, id: string, { olds, news, has }: Change): Promise<void> {
    const iam = await context.aws.iam();
    const thumbprints = asStrings(news["thumbprintLists"]);
    // IAM requires at least one thumbprint in an update, so an emptied list is not sent.
    if (has("thumbprintLists") && thumbprints.length > 0) {
        await explain(
            `updating IAM OIDC Provider (${id}) thumbprint`,
            iam.updateOpenIDConnectProviderThumbprint({ OpenIDConnectProviderArn: id, ThumbprintList: thumbprints }),
        );
    }
    if (has("clientIdLists")) {
        await setClientIds(iam, id, asStrings(olds["clientIdLists"]), asStrings(news["clientIdLists"]));
    }
    if (has("tags", "tagsAll")) {
        const { set, remove } = tagChange(olds["tagsAll"], news["tagsAll"]);
        if (remove.length > 0) {
            await iam.untagOpenIDConnectProvider({ OpenIDConnectProviderArn: id, TagKeys: remove });
        }
        if (Object.keys(set).length > 0) {
            await iam.tagOpenIDConnectProvider({ OpenIDConnectProviderArn: id, Tags: tagPairs(set) });
        }
    }
}

async function setClientIds(iam: IAM, id: string, olds: string[], news: string[]): Promise<void> {
    for (const clientId of news.filter((candidate) => !olds.includes(candidate))) {
        await explain(
            `adding IAM OIDC Provider (${id}) client ID (${clientId})`,
            iam.addClientIDToOpenIDConnectProvider({ OpenIDConnectProviderArn: id, ClientID: clientId }),
        );
    }
    for (const clientId of olds.filter((candidate) => !news.includes(candidate))) {
        await explain(
            `removing IAM OIDC Provider (${id}) client ID (${clientId})`,
            iam.removeClientIDFromOpenIDConnectProvider({ OpenIDConnectProviderArn: id, ClientID: clientId }),
        );
    }
}
