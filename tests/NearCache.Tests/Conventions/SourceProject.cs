using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace NearCache.Tests.Conventions;

/// <summary>A project as the compiler resolves it: the uses of each folder's types by other folders.</summary>
internal sealed class SourceProject
{
    private const string ImplicitUsings = """
        global using System;
        global using System.Collections.Generic;
        global using System.IO;
        global using System.Linq;
        global using System.Net.Http;
        global using System.Threading;
        global using System.Threading.Tasks;
        """;

    // Compilations take hundreds of megabytes: none is kept for tests that do not ask for it.
    private static readonly Dictionary<string, WeakReference<SourceProject>> Projects = [];
    private static readonly Lock Reading = new();

    // Read once: all compilations share them.
    private static readonly IReadOnlyList<(string Name, MetadataReference Reference)> References =
    [
        .. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
            .Select(path => (Path.GetFileNameWithoutExtension(path), (MetadataReference)MetadataReference.CreateFromFile(path))),
    ];

    private readonly IReadOnlyCollection<ResolvedName> _names;

    private SourceProject(string name, IEnumerable<(string Path, string Text)> files)
    {
        var options = new CSharpParseOptions(LanguageVersion.Preview, DocumentationMode.None);
        var trees = files.Append(("", ImplicitUsings)).Select(file => CSharpSyntaxTree.ParseText(file.Item2, options, file.Item1));
        var compilation = CSharpCompilation.Create(
            name,
            trees,
            References.Where(other => other.Name != name).Select(other => other.Reference),
            new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, allowUnsafe: true));
        var sources = compilation.SyntaxTrees.Where(tree => tree.FilePath.Length > 0).ToList();
        Files = [.. sources.Select(tree => tree.FilePath)];
        _names = [.. sources.SelectMany(tree => Resolve(compilation.GetSemanticModel(tree), tree))];
    }

    /// <summary>Reads a project below <c>src</c>. Tests that ask for it at about the same time share the compilation.</summary>
    public static SourceProject Read(string name)
    {
        lock (Reading)
        {
            if (!Projects.TryGetValue(name, out var read) || !read.TryGetTarget(out var project))
            {
                project = new SourceProject(
                    name, Repository.Files($"src/{name}", "*.cs")
                        .Select(file => (file[$"src/{name}/".Length..], File.ReadAllText(Repository.At(file)))));
                Projects[name] = new WeakReference<SourceProject>(project);
            }

            return project;
        }
    }

    /// <summary>A project of the given texts.</summary>
    public static SourceProject Of(params (string Path, string Text)[] files) => new("Example", files);

    /// <summary>The folders with sources; the root is empty.</summary>
    public IEnumerable<string> Folders => Files.Select(FolderOf).Distinct();

    /// <summary>The files.</summary>
    public IReadOnlyList<string> Files { get; }

    /// <summary>Names that the compiler could not resolve. If there are any, the uses are incomplete.</summary>
    public IEnumerable<string> Unresolved => _names.Where(name => name.IsUnresolved).Select(name => $"{name.File}: {name.Text}");

    /// <summary>Each use of a type of this project, or of a member of one, by the file that uses it.</summary>
    public IEnumerable<SourceUse> Uses() => _names.SelectMany(TypesOf, (name, type) => (name.File, Type: type))
        .SelectMany(
            use => use.Type.DeclaringSyntaxReferences,
            (use, declaration) => new SourceUse(use.File, declaration.SyntaxTree.FilePath, use.Type.Name))
        .Where(use => use.Used != use.User)
        .DistinctBy(use => (use.User, use.Used));

    /// <summary>
    /// The files that use a type: they name it or a member of it, or contain an expression of that type, alone or as an argument of a
    /// generic type.
    /// </summary>
    /// <param name="type">Its full name.</param>
    public IEnumerable<string> FilesThatUse(string type) => _names
        .Where(name => Concerns(name.Symbol, type) || Has(TypeOfValue(name.Symbol), type))
        .Select(name => name.File)
        .Where(path => !path.EndsWith(type[(type.LastIndexOf('.') + 1)..] + ".cs", StringComparison.Ordinal))
        .Distinct();

    /// <summary>The members of a type that a file uses.</summary>
    public IEnumerable<string> CallsOf(string type, string file) => _names
        .Where(name => name.File == file && name.Symbol?.ContainingType?.ToDisplayString() == type)
        .Select(name => name.Symbol!.Name);

    /// <summary>The folder of a file.</summary>
    public static string FolderOf(string file) => file.LastIndexOf('/') is > 0 and var slash ? file[..slash] : "";

    // Every name of a file outside of comments, once for each meaning. The model is not kept: it would hold all that the compiler bound.
    private static HashSet<ResolvedName> Resolve(SemanticModel model, SyntaxTree tree)
    {
        var names = new HashSet<ResolvedName>();
        foreach (var name in tree.GetRoot().DescendantNodes().OfType<SimpleNameSyntax>())
        {
            var found = model.GetSymbolInfo(name);
            names.Add(new ResolvedName(
                tree.FilePath,
                name.Identifier.Text,
                found.Symbol,
                name.Ancestors().OfType<InvocationExpressionSyntax>().Any(call => IsNameOf(call.Expression)),
                found is { Symbol: null, CandidateSymbols.IsEmpty: true } && !name.IsVar && !IsNameOf(name) && StandsAlone(model, name)));
        }

        return names;
    }

    private static bool IsNameOf(SyntaxNode node) => node is IdentifierNameSyntax { Identifier.Text: "nameof" };

    // A member may be generated, and one of a name that is not resolved is not resolved either. `notnull` is a word of the language.
    private static bool StandsAlone(SemanticModel model, SimpleNameSyntax name) => name.Parent switch
    {
        TypeConstraintSyntax => name.Identifier.Text != "notnull",
        MemberAccessExpressionSyntax access when access.Name == name => model.GetSymbolInfo(access.Expression).Symbol is INamespaceSymbol,
        QualifiedNameSyntax qualified when qualified.Right == name => model.GetSymbolInfo(qualified.Left).Symbol is INamespaceSymbol,
        MemberBindingExpressionSyntax or NameColonSyntax or NameEqualsSyntax => false,
        AssignmentExpressionSyntax { Parent: InitializerExpressionSyntax } assignment when assignment.Left == name => false,
        _ => true,
    };

    private static ITypeSymbol? TypeOfValue(ISymbol? symbol) => symbol switch
    {
        IFieldSymbol field => field.Type,
        IPropertySymbol property => property.Type,
        IEventSymbol handled => handled.Type,
        ILocalSymbol local => local.Type,
        IParameterSymbol parameter => parameter.Type,
        _ => null,
    };

    private static bool Concerns(ISymbol? symbol, string type) => Has(symbol as ITypeSymbol, type) || Has(symbol?.ContainingType, type);

    private static bool Has(ITypeSymbol? symbol, string type) =>
        (symbol is not null && type.EndsWith(symbol.Name, StringComparison.Ordinal) && symbol.OriginalDefinition.ToDisplayString() == type)
            || (symbol is INamedTypeSymbol { TypeArguments: var arguments } && arguments.Any(argument => Has(argument, type)));

    // The named type or the type of the named member, and the type of its value, which need not be named.
    private static IEnumerable<INamedTypeSymbol> TypesOf(ResolvedName name)
    {
        // A name alone, as in nameof(X), is not a use.
        if (name.IsNameOf)
        {
            yield break;
        }

        if ((name.Symbol as INamedTypeSymbol ?? name.Symbol?.ContainingType) is { } named)
        {
            yield return named.OriginalDefinition;
        }

        if (TypeOfValue(name.Symbol) is INamedTypeSymbol yielded)
        {
            yield return yielded.OriginalDefinition;
        }
    }

    /// <summary>A name in a file, and what the compiler takes it for.</summary>
    private readonly record struct ResolvedName(string File, string Text, ISymbol? Symbol, bool IsNameOf, bool IsUnresolved);
}

/// <summary>A file that uses a type.</summary>
/// <param name="User">The file that uses it.</param>
/// <param name="Used">The file that declares it.</param>
/// <param name="Type">The type.</param>
internal sealed record SourceUse(string User, string Used, string Type);
