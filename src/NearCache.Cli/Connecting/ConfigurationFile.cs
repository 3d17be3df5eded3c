using Microsoft.Extensions.Configuration;

namespace NearCache.Cli.Connecting;

/// <summary>Reads JSON files as configuration, with errors that name the file.</summary>
internal static class ConfigurationFile
{
    /// <summary>Reads a file, and those that the host of an application would read with it.</summary>
    /// <param name="path">The path of the file.</param>
    /// <param name="environment">The environment; null reads the one file alone, without environment variables.</param>
    public static IConfigurationRoot Read(string path, string? environment = null)
    {
        if (!File.Exists(path))
        {
            throw new ToolException($"There is no file {path}.");
        }

        // A stream, so that no watcher of files is created for a tool that runs for seconds.
        var streams = new List<Stream>();
        try
        {
            var builder = new ConfigurationBuilder();
            streams.Add(File.OpenRead(path));
            builder.AddJsonStream(streams[^1]);
            if (environment is not null)
            {
                var other = Path.ChangeExtension(path, $".{environment}{Path.GetExtension(path)}");
                if (File.Exists(other))
                {
                    streams.Add(File.OpenRead(other));
                    builder.AddJsonStream(streams[^1]);
                }

                builder.AddEnvironmentVariables();
            }

            return builder.Build();
        }
        catch (Exception e) when (e is FormatException or InvalidDataException or System.Text.Json.JsonException)
        {
            throw new ToolException($"{path} is no valid JSON: {(e.InnerException ?? e).Message}", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ToolException($"{path} could not be read: {e.Message}", e);
        }
        finally
        {
            streams.ForEach(stream => stream.Dispose());
        }
    }
}
