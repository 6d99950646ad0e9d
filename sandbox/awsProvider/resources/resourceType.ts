import { AwsClients } from "../aws/clients";
import { ProviderConfig } from "../aws/config";
import { Schema } from "../bridge/schema";
import { ValueMap } from "../bridge/values";

export interface Context {
    readonly aws: AwsClients;
    readonly config: ProviderConfig;
    /** The operation's `customTimeouts` entry, in milliseconds, if the program sets one. */
    readonly timeoutMilliseconds: number | undefined;
    readonly signal: AbortSignal;
    /**
     * How long IAM may take until a change is visible everywhere (terraform-provider-aws internal/service/iam/wait.go).
     */
    readonly propagationMilliseconds: number;
}

export interface Change {
    readonly olds: ValueMap;
    readonly news: ValueMap;
    /** Whether a property, or a part of it, differs. */
    readonly has: (...properties: string[]) => boolean;
}

/** One resource type of the AWS provider: its schema and its operations. */
export interface ResourceType {
    readonly token: string;
    /** As the real provider's messages name it: "IAM Role". */
    readonly label: string;
    readonly schema: Schema;
    /** pulumi-aws provider/resource_overrides.go, DeleteBeforeReplace. */
    readonly deleteBeforeReplace?: boolean;

    /**
     * Creates the resource. Calls `created` with the id as soon as the resource exists: a failure after that is a
     * resource that failed to initialise, as with `d.SetId` of Terraform.
     */
    create(context: Context, inputs: ValueMap, created: (id: string) => void): Promise<void>;

    /**
     * The state of an existing resource, or undefined. `prior` is the former state (the inputs, right after create). It
     * contains the properties that AWS does not return, and is undefined for an import.
     */
    read(context: Context, id: string, prior: ValueMap | undefined): Promise<ValueMap | undefined>;

    /** The id of an imported resource, if it is another one than the program's. */
    readonly importedId?: (id: string) => string;

    update(context: Context, id: string, change: Change): Promise<void>;

    /** A resource that does not exist is not an error. */
    delete(context: Context, id: string, state: ValueMap): Promise<void>;
}
