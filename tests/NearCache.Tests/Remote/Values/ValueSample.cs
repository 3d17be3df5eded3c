using Microsoft.Extensions.Caching.Hybrid;

namespace NearCache.Tests.Remote.Values;

/// <summary>A value that is stored in one process and read in another.</summary>
public abstract class ValueSample(string name)
{
    public string Name => name;

    public static ValueSample Of<T>(string name, T value, Func<T, T, bool>? areEqual = null) =>
        new Typed<T>(name, value, areEqual ?? EqualityComparer<T>.Default.Equals);

    /// <summary>
    /// Stores it by every way of writing, and reads it by every way of reading, from the remote and from near, in the process that wrote
    /// and in another.
    /// </summary>
    public abstract Task ComesBackAsync(ValueProcesses town);

    /// <summary>Finds every way of writing closed, with an error that names the type and a remedy, and nothing stored.</summary>
    public abstract Task IsRefusedAsync(ValueProcesses town);

    public override string ToString() => name;

    private sealed class Typed<T>(string name, T value, Func<T, T, bool> areEqual) : ValueSample(name)
    {
        public override async Task ComesBackAsync(ValueProcesses town)
        {
            foreach (var prefix in ValueProcesses.Prefixes)
            {
                var key = prefix + Name.Replace(' ', '-');
                await town.Writer.SetAsync(key, value);
                Same(await town.Writer.GetAsync<T>(key));
                Same(await town.Writer.GetAsync<T>(key));
                Same(await town.Reader.GetAsync<T>(key));
                Same(await town.Reader.GetAsync<T>(key));
                Same((await town.Reader.GetManyAsync<T>([key]))[key]);
                await town.Writer.RemoveAsync(key);

                await town.Writer.SetManyAsync([KeyValuePair.Create(key, value)]);
                Same(await town.Reader.GetAsync<T>(key));
                await town.Writer.RemoveAsync(key);
                await town.MadeAsync(key, () => town.Writer.GetOrCreateAsync(key, _ => ValueTask.FromResult(value)).AsTask());
                Same(await town.Reader.GetOrCreateAsync<T>(key, _ => throw new InvalidOperationException("It is not there.")));
                Same(await town.Reader.GetOrCreateAsync<T>(key, _ => throw new InvalidOperationException("It is not there.")));
            }

            var name = Name;
            await town.HybridWriter.SetAsync(name, value);
            for (var i = 0; i < 2; i++)
            {
                Same(await town.HybridReader.GetOrCreateAsync<T>(name, _ => throw new InvalidOperationException("It is not there.")));
                Same(await town.HybridWriter.GetOrCreateAsync<T>(name, _ => throw new InvalidOperationException("It is not there.")));
            }
        }

        public override async Task IsRefusedAsync(ValueProcesses town)
        {
            foreach (var prefix in ValueProcesses.Prefixes)
            {
                var key = prefix + Name.Replace(' ', '-');
                Refuses(await Record.ExceptionAsync(() => town.Writer.SetAsync(key, value)));
                Refuses(await Record.ExceptionAsync(() => town.Writer.SetManyAsync([KeyValuePair.Create(key, value)])));
                Refuses(await Record.ExceptionAsync(async () => await town.Writer.GetOrCreateAsync(key, _ => ValueTask.FromResult(value))));
                for (var i = 0; i < 2; i++)
                {
                    Assert.False((await town.Reader.GetAsync<T>(key)).HasValue);
                    Assert.False((await town.Reader.GetManyAsync<T>([key]))[key].HasValue);
                }
            }

            Refuses(await Record.ExceptionAsync(async () => await town.HybridWriter.SetAsync(Name, value)));
            Refuses(
                await Record.ExceptionAsync(async () => await town.HybridWriter.GetOrCreateAsync(Name, _ => ValueTask.FromResult(value))));
            var options = new HybridCacheEntryOptions { Flags = HybridCacheEntryFlags.DisableUnderlyingData };
            Assert.Equal(default, await town.HybridReader.GetOrCreateAsync<T>(Name, _ => throw new InvalidOperationException(), options));
        }

        private void Same(CacheResult<T> read)
        {
            Assert.True(read.HasValue, $"{Name} is a miss.");
            Same(read.Value!);
        }

        private void Same(T read) => Assert.True(areEqual(value, read), $"{Name} came back as {read}.");

        private void Refuses(Exception? exception)
        {
            Assert.True(exception is NotSupportedException or ArgumentException, $"{Name} was stored, or refused by {exception}.");
            Assert.Contains(
                typeof(T).Name.Split('`')[0].TrimEnd(']', ',', '['),
                exception.Message.Replace(" object ", " Object ", StringComparison.Ordinal),
                StringComparison.Ordinal);
            Assert.Matches("LossyTypes|Store |Declare |Preserve|surrogate|not supported", exception.Message);
        }
    }
}
