import { Schema } from "../bridge/schema";
import { ValueMap } from "../bridge/values";
import { Context } from "../resources/resourceType";

/** One function ("data source") of the AWS provider. */
export interface ProviderFunction {
    readonly token: string;
    readonly args: Schema;
    invoke(context: Context, args: ValueMap): Promise<ValueMap>;
}
