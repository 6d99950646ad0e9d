/**
 * The address of an engine among arguments, such as `127.0.0.1:41234` or `dns:127.0.0.1:41234`. The engine passes its address to each
 * provider as the last argument (https://github.com/pulumi/pulumi/blob/v3.248.0/sdk/go/common/resource/plugin/plugin.go).
 */
export function engineAddress(texts: readonly string[]): string | undefined {
    return texts.filter((text) => /^[^/\\=]*:\d+$/.test(text)).at(-1);
}
