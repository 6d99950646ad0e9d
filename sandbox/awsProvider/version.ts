import sdk from "@pulumi/aws/package.json";

/** The stand-in says that it is the provider of the installed SDK's version, so that the engine sees a pair. */
export const SDK_VERSION: string = sdk.version;
