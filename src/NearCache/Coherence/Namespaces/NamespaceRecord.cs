using System.Buffers;
using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using NearCache.Rules;

namespace NearCache.Coherence.Namespaces;

/// <summary>
/// The state of a whole namespace when its removal was planned: its nodes with their versions, and its rules. It is kept in a file, from
/// which the rules can be restored.
/// </summary>
/// <param name="Namespace">The namespace.</param>
/// <param name="PlannedAt">The time of planning, by the clock of the machine that planned.</param>
/// <param name="Nodes">The nodes of the namespace.</param>
/// <param name="Registry">The content of <c>rules</c>; empty if there is none.</param>
internal sealed record NamespaceRecord(string Namespace, DateTimeOffset PlannedAt, ImmutableArray<NamespaceNode> Nodes, string Registry)
{
    private const int Format = 1;

    private static readonly JsonWriterOptions Writing = new() { Indented = true };

    /// <summary>Gets when any node was last written or created.</summary>
    public DateTimeOffset LastChange => Nodes.IsEmpty ? DateTimeOffset.MinValue : Nodes.Max(node => node.ChangedAt);

    /// <summary>Returns whether nothing was written, created, deleted or joined between two records.</summary>
    public bool IsSame(NamespaceRecord other) => Namespace == other.Namespace && Nodes.SequenceEqual(other.Nodes);

    /// <summary>Returns the content of the file.</summary>
    public byte[] Write()
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using (var writer = new Utf8JsonWriter(buffer, Writing))
        {
            writer.WriteStartObject();
            writer.WriteNumber("format"u8, Format);
            writer.WriteString("namespace"u8, Namespace);
            writer.WriteString("plannedAt"u8, StopsFormat.Time(PlannedAt));
            writer.WriteStartArray("nodes"u8);
            foreach (var node in Nodes)
            {
                writer.WriteStartObject();
                writer.WriteString("path"u8, node.Path);
                writer.WriteNumber("created"u8, node.Created);
                writer.WriteNumber("version"u8, node.Version);
                writer.WriteNumber("childrenVersion"u8, node.ChildrenVersion);
                writer.WriteString("changedAt"u8, StopsFormat.Time(node.ChangedAt));
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
            writer.WriteString("rules"u8, Registry);
            writer.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>Reads a file of <see cref="Write"/>. Returns false if it has another format.</summary>
    public static bool TryRead(ReadOnlyMemory<byte> content, out NamespaceRecord record)
    {
        record = null!;
        try
        {
            using var document = JsonDocument.Parse(content);
            var root = document.RootElement;
            if (root.GetProperty("format").GetInt32() != Format)
            {
                return false;
            }

            record = new NamespaceRecord(
                RuleSetFormat.Text(root, "namespace"),
                StopsFormat.Time(RuleSetFormat.Text(root, "plannedAt")),
                [.. root.GetProperty("nodes").EnumerateArray().Select(node => new NamespaceNode(
                    RuleSetFormat.Text(node, "path"),
                    node.GetProperty("created").GetInt64(),
                    node.GetProperty("version").GetInt32(),
                    node.GetProperty("childrenVersion").GetInt32(),
                    StopsFormat.Time(RuleSetFormat.Text(node, "changedAt"))))],
                RuleSetFormat.Text(root, "rules"));
            return true;
        }
        catch (Exception exception) when (RuleSetFormat.IsUnreadable(exception))
        {
            return false;
        }
    }

    /// <summary>Returns whether a registry is text from which it can be restored.</summary>
    public static bool IsText(ReadOnlyMemory<byte> registry) => Utf8.IsValid(registry.Span);

    /// <summary>Returns the text of a registry.</summary>
    public static string TextOf(ReadOnlyMemory<byte> registry) => Encoding.UTF8.GetString(registry.Span);
}

/// <summary>One node of a namespace.</summary>
/// <param name="Path">The path of the node.</param>
/// <param name="Created">The transaction that created the node.</param>
/// <param name="Version">How often its data were written.</param>
/// <param name="ChildrenVersion">How often a child was created or deleted: for <c>members</c>, how often a process joined or left.</param>
/// <param name="ChangedAt">The time of the last write.</param>
internal readonly record struct NamespaceNode(string Path, long Created, int Version, int ChildrenVersion, DateTimeOffset ChangedAt);
