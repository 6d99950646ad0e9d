import type { EC2, TagSpecification } from "@aws-sdk/client-ec2";
import { explain } from "../aws/errors";
import { tagChange, tagPairs } from "../bridge/tags";
import { asStringMap, Value, ValueMap } from "../bridge/values";

export function tagSpecifications(
    type: "vpc" | "subnet" | "security-group",
    tagsAll: Value | undefined,
): TagSpecification[] | undefined {
    const tags = tagPairs(asStringMap(tagsAll));
    return tags.length > 0 ? [{ ResourceType: type, Tags: tags }] : undefined;
}

export async function setEc2Tags(ec2: EC2, id: string, olds: ValueMap, news: ValueMap): Promise<void> {
    const { set, remove } = tagChange(olds["tagsAll"], news["tagsAll"]);
    if (remove.length > 0) {
        const Tags = remove.map((Key) => ({ Key }));
        await explain(`untagging resource (${id})`, ec2.deleteTags({ Resources: [id], Tags }));
    }
    if (Object.keys(set).length > 0) {
        await explain(`tagging resource (${id})`, ec2.createTags({ Resources: [id], Tags: tagPairs(set) }));
    }
}
