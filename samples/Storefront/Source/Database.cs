using System.Text.Json;
using Microsoft.Extensions.Options;

namespace Storefront.Source;

/// <summary>Simulates the shop's database: consistent and slow. It is in memory, or in a file that several processes share.</summary>
internal sealed class Database(IOptions<StorefrontOptions> options, TimeProvider time) : IDisposable
{
    private readonly SemaphoreSlim _writing = new(1);
    private DatabaseTables _memory = DatabaseTables.Initial();

    /// <summary>The load of this process on the database.</summary>
    public SourceLoad Load { get; } = new();

    public async ValueTask<Product?> FindProductAsync(int id, CancellationToken cancellationToken) =>
        (await ReadAsync($"product {id}", cancellationToken)).Products.GetValueOrDefault(id);

    public async ValueTask<string?> FindParameterAsync(string name, CancellationToken cancellationToken) =>
        (await ReadAsync($"parameter {name}", cancellationToken)).Parameters.GetValueOrDefault(name);

    public Task SaveAsync(Product product, CancellationToken cancellationToken) => WriteAsync(
        tables => tables with { Products = new(tables.Products) { [product.Id] = product } },
        cancellationToken);

    public Task SaveParameterAsync(string name, string value, CancellationToken cancellationToken) => WriteAsync(
        tables => tables with { Parameters = new(tables.Parameters) { [name] = value } },
        cancellationToken);

    public void Dispose() => _writing.Dispose();

    private Task<DatabaseTables> ReadAsync(string row, CancellationToken cancellationToken) =>
        Load.CountAsync(row, () => ReadAsync(cancellationToken));

    private async Task<DatabaseTables> ReadAsync(CancellationToken cancellationToken)
    {
        var tables = options.Value.SourceFile is { } file ? await LoadAsync(file, cancellationToken) : Volatile.Read(ref _memory);
        await Task.Delay(options.Value.SourceLatency, time, cancellationToken);
        return tables;
    }

    private async Task WriteAsync(Func<DatabaseTables, DatabaseTables> change, CancellationToken cancellationToken)
    {
        await _writing.WaitAsync(cancellationToken);
        try
        {
            await Task.Delay(options.Value.SourceLatency, time, cancellationToken);
            if (options.Value.SourceFile is not { } file)
            {
                Volatile.Write(ref _memory, change(_memory));
                return;
            }

            // At most one process writes. Readers see the old or the new file, because it is replaced atomically.
            await using var one = await LockAsync(file + ".lock", cancellationToken);
            var next = JsonSerializer.SerializeToUtf8Bytes(change(await LoadAsync(file, cancellationToken)));
            await File.WriteAllBytesAsync(file + ".next", next, cancellationToken);
            File.Move(file + ".next", file, overwrite: true);
        }
        finally
        {
            _writing.Release();
        }
    }

    private static async Task<DatabaseTables> LoadAsync(string file, CancellationToken cancellationToken) => File.Exists(file)
        ? JsonSerializer.Deserialize<DatabaseTables>(await File.ReadAllBytesAsync(file, cancellationToken))!
        : DatabaseTables.Initial();

    private async Task<FileStream> LockAsync(string file, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                return new FileStream(file, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException) when (File.Exists(file))
            {
                await Task.Delay(TimeSpan.FromMilliseconds(5), time, cancellationToken);
            }
        }
    }
}
