using System.Text;
using NearCache.Management.Api.Models;
using NearCache.Management.Security;

namespace NearCache.Management.Api;

/// <summary>The routes of single keys. A key stands in the body of a request, since addresses are logged by proxies.</summary>
internal static class KeyRoutes
{
    private const int MostShown = 64 * 1024;

    private static readonly UTF8Encoding Strict = new(false, throwOnInvalidBytes: true);

    /// <summary>Gets the routes.</summary>
    public static IReadOnlyList<ConsoleRoute> All { get; } =
    [
        ConsoleRoute.Post(
            ConsoleRoute.Fleet("key/why"),
            ConsolePermission.View,
            "Why a key is near or not. Its value is not read.",
            ConsoleJson.Default.KeyRequest,
            ConsoleJson.Default.PartWhyModel,
            WhyAsync),
        ConsoleRoute.Post(
            ConsoleRoute.Fleet("key/value"),
            ConsolePermission.Values,
            "The value of a key.",
            ConsoleJson.Default.KeyOperationRequest,
            ConsoleJson.Default.PartValueModel,
            ValueAsync),
        ConsoleRoute.Post(
            ConsoleRoute.Fleet("key/remove"),
            ConsolePermission.Operate,
            "Removes a key, so that every process drops its near entry.",
            ConsoleJson.Default.KeyOperationRequest,
            ConsoleJson.Default.RemovedModel,
            RemoveAsync),
        ConsoleRoute.Post(
            ConsoleRoute.Fleet("key/refresh"),
            ConsolePermission.Operate,
            "Makes every process drop its near entry of a key and read it again. The item stays.",
            ConsoleJson.Default.KeyOperationRequest,
            ConsoleJson.Default.CountedModel,
            RefreshAsync),
        ConsoleRoute.Post(
            ConsoleRoute.Fleet("near/clear"),
            ConsolePermission.Operate,
            "Makes every process drop all its near entries.",
            ConsoleJson.Default.ConfirmRequest,
            ConsoleJson.Default.PlacesModel,
            ClearAsync),
    ];

    private static async Task<Part<WhyModel>> WhyAsync(ConsoleRequest request, KeyRequest body)
    {
        var client = await request.ClientAsync().ConfigureAwait(false);
        return Part.Of(Of(await client.WhyAsync(body.Key, request.Aborted).ConfigureAwait(false)));
    }

    private static WhyModel Of(KeyDiagnosis why) => new(
        why.Summary,
        why.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries),
        why.Refusal,
        why.PhysicalKey,
        why.Server?.Name,
        why.Segment,
        why.Rule is { } rule
            ? new WhyRuleModel(rule.Name, rule.Match, rule.IsOn, rule.NearLifetime.TotalSeconds, rule.MaxStaleness.TotalSeconds)
            : null,
        why.RuleReason,
        why.Item is { } item
            ? new WhyItemModel(
                item.Exists,
                item.IsPlaceholder,
                item.Content,
                item.Size,
                item.TimeToLive?.TotalSeconds,
                item.LastAccess?.TotalSeconds,
                item.WasRead,
                item.Cas.ToString(System.Globalization.CultureInfo.InvariantCulture))
            : null,
        [.. why.Misses.Select(miss => new WhyMissModel(Mapping.NameOf(miss.Cause), miss.Text))],
        why.Notes,
        [.. why.Writes.Select(write => new WhyWriteModel(write.Age.TotalSeconds, write.Writer.ToString()))],
        why.AreWritesTruncated,
        why.Unknown);

    private static async Task<Part<ValueModel>> ValueAsync(ConsoleRequest request, KeyOperationRequest body)
    {
        var client = await TargetAsync(request, body).ConfigureAwait(false);
        var found = await client.ReadValueAsync(body.Key, request.Aborted).ConfigureAwait(false);
        var shown = found.Bytes[..Math.Min(found.Bytes.Length, MostShown)];
        var text = found.Exists ? TextOf(shown.Span) : null;
        return Part.Of(new ValueModel(
            found.Exists,
            found.Bytes.Length,
            text,
            found.Exists && text is null ? Convert.ToBase64String(shown.Span) : null,
            shown.Length < found.Bytes.Length));
    }

    // A value that was cut within a character is text all the same.
    private static string? TextOf(ReadOnlySpan<byte> bytes)
    {
        for (var cut = 0; cut < 4 && cut <= bytes.Length; cut++)
        {
            try
            {
                return Strict.GetString(bytes[..^cut]);
            }
            catch (DecoderFallbackException)
            {
                if (bytes.Length < MostShown)
                {
                    return null;
                }
            }
        }

        return null;
    }

    private static async Task<RemovedModel> RemoveAsync(ConsoleRequest request, KeyOperationRequest body)
    {
        var client = await TargetAsync(request, body).ConfigureAwait(false);
        return new RemovedModel(await client.RemoveKeyAsync(body.Key, request.Aborted).ConfigureAwait(false));
    }

    private static async Task<CountedModel> RefreshAsync(ConsoleRequest request, KeyOperationRequest body)
    {
        var client = await TargetAsync(request, body).ConfigureAwait(false);
        await client.RefreshKeyAsync(body.Key, request.Aborted).ConfigureAwait(false);
        return new CountedModel(true);
    }

    private static async Task<PlacesModel> ClearAsync(ConsoleRequest request, ConfirmRequest body)
    {
        request.Target = "all near entries";
        ConsoleRequest.Confirm(body.Confirm, request.Fleet.Context.Namespace);
        var client = await request.ClientAsync().ConfigureAwait(false);
        return new PlacesModel(Mapping.Of(await client.ClearNearAsync(request.Aborted).ConfigureAwait(false)));
    }

    // The audit names a key as the settings allow.
    private static async Task<FleetClient> TargetAsync(ConsoleRequest request, KeyOperationRequest body)
    {
        var client = await request.ClientAsync().ConfigureAwait(false);
        request.Target = client.ShowKey(body.Key);
        return client;
    }
}
