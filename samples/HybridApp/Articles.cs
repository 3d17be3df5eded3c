using Microsoft.Extensions.Caching.Hybrid;

namespace HybridApp;

/// <summary>Reads articles through <see cref="HybridCache"/>, independent of its implementation.</summary>
internal sealed class Articles(HybridCache cache, ArticleSource source)
{
    private const int Shelves = 10;

    public ValueTask<string> GetAsync(int id, CancellationToken cancellationToken) =>
        cache.GetOrCreateAsync(
            $"article:{id}",
            (id, source),
            static async (asked, token) => await asked.source.ReadAsync(asked.id, token),
            tags: [Shelf(id % Shelves)],
            cancellationToken: cancellationToken);

    public async Task SetAsync(int id, string text, CancellationToken cancellationToken)
    {
        source.Write(id, text);
        await cache.RemoveAsync($"article:{id}", cancellationToken);
    }

    public async Task ForgetShelfAsync(int shelf, CancellationToken cancellationToken) =>
        await cache.RemoveByTagAsync(Shelf(shelf), cancellationToken);

    private static string Shelf(int number) => $"shelf:{number}";
}
